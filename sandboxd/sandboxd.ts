/** Ties one sandboxd together: what it serves, what runs it, and the three ways in. */
import { randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import { startHopServer } from "../proto/rpc/hop-server.ts";
import { openCatalog } from "./cache/open.ts";
import type { Config } from "./config.ts";
import { connectControl } from "./control.ts";
import { executorSettingsOf } from "./executor-settings.ts";
import { startGateway } from "./gateway/gateway.ts";
import { runtimeNames } from "./executor/runtimes.ts";
import { createInvoker } from "./invoke/invoker.ts";
import { createRecorder } from "./invoke/record.ts";
import { createInvokeService } from "./invoke/service.ts";
import { claimSocket, lockFolder } from "./lock.ts";
import { followEgress, openIsolation, type Bundles } from "./isolation.ts";
import { startSupervisor } from "./supervisor/supervisor.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";
import { createVerifier } from "./verifier.ts";

/** A running sandboxd. */
export interface Sandboxd {
  socketPath: string;
  runUrl: string;
  /** What walls its executors; "none": nothing does. */
  walls: string;
  /** What bounds their memory and CPU. */
  limits: string;
  /** Resolves once it can serve: it knows what, and an executor is ready. */
  ready(): Promise<void>;
  /** Lets open calls finish for a while, then ends everything. May be called twice. */
  close(): Promise<void>;
}

const reflectionImages = ["image.binpb", "health.binpb"];

/** Starts everything; throws `precondition` where another one holds the folder, the socket or the port. */
export async function startSandboxd(
  config: Config,
  bundles: Bundles,
  log: Logger,
): Promise<Sandboxd> {
  const instance = randomUUID();
  await using parts = new AsyncDisposableStack();

  await mkdir(config.stateDir, { recursive: true, mode: 0o700 });
  const lock = lockFolder(config.stateDir);
  parts.defer(() => lock.release());
  const telemetry = startTelemetry({
    serviceName: "annex-sandboxd",
    instance,
    log,
  });
  parts.defer(() => telemetry.close());
  const { tracer, metrics } = telemetry;
  const catalog = await openCatalog({
    folder: join(config.stateDir, "cache"),
    now: Date.now,
    log,
  });
  const verifier = createVerifier(catalog);

  const control = connectControl({ config, instance, catalog, verifier, log });
  const isolation = await openIsolation(config, bundles, log);
  parts.defer(() => isolation.close());
  const { walls, limits, launcher, budget, broker } = isolation;
  parts.defer(followEgress(broker, catalog, config));
  const supervisor = startSupervisor(config, {
    launcher,
    budget,
    gate: broker,
    settingsOf: (container) =>
      executorSettingsOf(config, catalog.containerSettings(container)),
    now: monotonicMs,
    log,
    quarantined: (...event) => control.reportQuarantine(...event),
    warmthChanged: (...change) => control.reportWarmth(...change),
    executorKilled: (cause) => metrics.executorKilled(cause),
  });
  parts.defer(() => supervisor.close());
  parts.defer(
    catalog.onSettings((container) => {
      if (container !== undefined) supervisor.settingsChanged(container);
    }),
  );

  let isClosing = false;
  const isServing = () => !isClosing && catalog.position() !== undefined;
  const invoker = createInvoker(config, {
    catalog,
    run: (version, call, signal) => supervisor.run(version, call, signal),
    buildInline: control.buildInline,
    record: createRecorder(tracer, metrics),
  });
  const gateway = await startGateway({
    address: config.gatewayHost,
    port: config.gatewayPort,
    limits: {
      maxPayloadBytes: config.maxPayloadBytes,
      closeGraceMs: config.closeGraceMs,
    },
    dependencies: {
      verifier,
      isReady: isServing,
      runtimes: runtimeNames,
      invoke: (request, caller) => invoker.invoke(request, caller),
      metrics: (request, response) =>
        telemetry.metricsHandler(request, response),
      tracer,
      log,
    },
  });
  parts.defer(() => gateway.close());

  await claimSocket(config.socketPath);
  const service = createInvokeService({
    invoker,
    verifier,
    isTokenRequired: config.isTokenRequired,
    bindings: (container) => catalog.bindings(container),
    isServing,
    log,
  });
  const hop = await startHopServer({
    socketPath: config.socketPath,
    socketMode: config.socketMode,
    image: await readImages(),
    handlers: service,
  });
  parts.defer(() => hop.close(config.closeGraceMs));

  const { promise: positioned, resolve: caughtUp } =
    Promise.withResolvers<void>();
  if (catalog.position() !== undefined) caughtUp();
  const sync = control.startSync({
    supervisor,
    runUrl: gateway.url,
    walls: walls.name,
    limits: limits.name,
    caughtUp,
  });
  parts.defer(() => sync.close());
  metrics.watch({
    executors: () => supervisor.counts(),
    callsWaiting: () => invoker.waitingCalls(),
    heldPayloadBytes: () => invoker.heldPayloadBytes(),
    isSyncConnected: () => sync.status().connected,
    syncStalenessSeconds: () => (sync.status().stalenessMs ?? 0) / 1000,
    isCatalogDegraded: () => catalog.status().degraded !== undefined,
    walls: walls.name,
    limits: limits.name,
  });
  // Last to be begun, so the first to be undone: refuse new calls, then let the servers wait for open ones.
  parts.defer(() => {
    isClosing = true;
    hop.setServing(false);
    service.drain();
  });

  const owned = parts.move();
  let closed: Promise<void> | undefined;
  return {
    socketPath: config.socketPath,
    runUrl: gateway.url,
    walls: walls.name,
    limits: limits.name,
    async ready() {
      await Promise.all([supervisor.ready(), broker.ready(), positioned]);
      hop.setServing(!isClosing);
    },
    close: () => (closed ??= owned.disposeAsync()),
  };
}

/** Milliseconds on a clock that never goes back. */
function monotonicMs(): number {
  return performance.now();
}

/** One image of our services and of grpc.health.v1: of two encoded sets in a row, the second adds to the first. */
async function readImages(): Promise<Buffer> {
  const folder = join(import.meta.dirname, "../proto/gen");
  return Buffer.concat(
    await Promise.all(
      reflectionImages.map((name) => readFile(join(folder, name))),
    ),
  );
}
