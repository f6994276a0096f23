/** Ties one control plane together: store, services on both wires, and the hosts' streams. */
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { startRpcServer } from "../proto/rpc/server.ts";
import { strictRoutes } from "../proto/rpc/strict-json.ts";
import { controlServices } from "./control-services.ts";
import type { Config } from "./config.ts";
import { startHttpServer } from "./http/server.ts";
import { removeStaleLayouts } from "./build/layout.ts";
import { openStore, type Store } from "./store/store.ts";
import { Fleet } from "./sync/fleet.ts";
import { startTelemetry } from "./telemetry/telemetry.ts";
import { signWith } from "./tokens.ts";

/** What a control plane is given besides its settings. */
export interface ControlPlaneDeps {
  log: Logger;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** A running control plane. */
export interface ControlPlane {
  /** E.g. http://127.0.0.1:7700 */
  grpcAddress: string;
  /** E.g. http://127.0.0.1:7701 */
  httpAddress: string;
  store: Store;
  fleet: Fleet;
  /** A new token that may do everything. */
  adminToken(): Promise<string>;
  /** Stops accepting, ends the hosts' streams, lets short calls finish. */
  close(): Promise<void>;
}

/** Starts a control plane on the state of its home folder. */
export async function startControlPlane(
  config: Config,
  { log, now = Date.now }: ControlPlaneDeps,
): Promise<ControlPlane> {
  await using started = new AsyncDisposableStack();
  const serviceName = "annex-controlplane";
  const telemetry = startTelemetry({
    serviceName,
    instance: randomUUID(),
    log,
  });
  started.defer(() => telemetry.close());
  await removeStaleLayouts(now);
  const store = await openStore({
    file: config.databaseFile,
    masterKeyFile: config.masterKeyFile,
    now,
  });
  started.defer(() => store.close());
  const { metrics } = telemetry;
  const fleet = new Fleet(now);
  const services = controlServices({ store, fleet, metrics, log, now });
  const image = await readImage();
  const rpc = await startRpcServer({
    address: `${inAddress(config.host)}:${config.grpcPort}`,
    services: services.grpc,
    reflection: { image, services: services.names },
    observe: (...call) => metrics.called(...call),
    log,
  });
  started.defer(() => rpc.close());
  let isReady = true;
  const http = await startHttpServer({
    host: config.host,
    port: config.httpPort,
    routes: strictRoutes(services.http, image),
    authenticate: services.authenticate,
    check: services.check,
    hosts: fleet,
    isReady: () => isReady,
    metrics: (request, response) => telemetry.metricsHandler(request, response),
    log,
  });
  started.defer(() => http.close());
  // First of all, so that who waits for a rollout holds up neither wire's close.
  started.defer(() => fleet.close());
  started.defer(() => void (isReady = false));
  metrics.watch({
    connectedHosts: () => fleet.hosts().filter((host) => host.connected).length,
    revision: await watchRevision(store),
  });
  const running = started.move();
  let closed: Promise<void> | undefined;
  return {
    grpcAddress: urlOf(config.host, rpc.port),
    httpAddress: urlOf(config.host, http.port),
    store,
    fleet,
    adminToken: () =>
      signWith(store.tokens, { kind: "admin", jti: randomUUID() }, now),
    close: () => (closed ??= running.disposeAsync()),
  };
}

async function readImage(): Promise<Uint8Array> {
  return await readFile(new URL("../proto/gen/image.binpb", import.meta.url));
}

/** The last committed revision, for whoever asks between commits. */
async function watchRevision({ changes }: Store): Promise<() => number> {
  let { revision } = await changes.position();
  changes.onChange(() => {
    changes.position().then(
      (position) => (revision = position.revision),
      () => {}, // closed meanwhile
    );
  });
  return () => revision;
}

function urlOf(host: string, port: number): string {
  return `http://${inAddress(host)}:${port}`;
}

/** IPv6 stands in brackets where a port follows. */
function inAddress(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
