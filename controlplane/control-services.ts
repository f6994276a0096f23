/** The services of annex.control.v1 over one store, for both wires at once. */
import { availableParallelism } from "node:os";
import { ContainerServiceDefinition } from "../proto/gen/annex/control/v1/container.ts";
import { EgressServiceDefinition } from "../proto/gen/annex/control/v1/egress.ts";
import { ExtensionServiceDefinition } from "../proto/gen/annex/control/v1/extension.ts";
import { HostServiceDefinition } from "../proto/gen/annex/control/v1/host.ts";
import { PointServiceDefinition } from "../proto/gen/annex/control/v1/point.ts";
import { SecretServiceDefinition } from "../proto/gen/annex/control/v1/secret.ts";
import { TokenServiceDefinition } from "../proto/gen/annex/control/v1/token.ts";
import { SyncServiceDefinition } from "../proto/gen/annex/sync/v1/sync.ts";
import { unaryRoutes, type UnaryRoute } from "../proto/rpc/connect.ts";
import { served, type ServedService } from "../proto/rpc/server.ts";
import type { RpcContext } from "../proto/rpc/service.ts";
import { inServerSpan, type CallObserver } from "../proto/rpc/trace.ts";
import { build } from "./build/build.ts";
import { measuredBuild } from "./measured-build.ts";
import { runTrial, type CheckOptions } from "./http/check.ts";
import { createAuthenticator } from "./services/authenticate.ts";
import { boundedBuild } from "./services/bounded-build.ts";
import { createCheck } from "./services/check.ts";
import { containerService } from "./services/container.ts";
import { egressService } from "./services/egress.ts";
import { extensionService } from "./services/extension.ts";
import { hostService } from "./services/host.ts";
import { pointService } from "./services/point.ts";
import { secretService } from "./services/secret.ts";
import { tokenService } from "./services/token.ts";
import type { Store } from "./store/store.ts";
import { sharedBundles } from "./sync/bundles.ts";
import type { Fleet } from "./sync/fleet.ts";
import { sharedReads } from "./sync/shared-reads.ts";
import { syncService } from "./sync/service.ts";
import type { SyncLog } from "./sync/subscriber.ts";
import type { ControlMetrics } from "./telemetry/metrics.ts";
import { signHistory, signWith } from "./tokens.ts";

/** So many builds may wait for their turn. */
const maxWaitingBuilds = 64;

/** What the services are made from. */
export interface ServicesOptions {
  store: Store;
  fleet: Fleet;
  metrics: ControlMetrics;
  log: SyncLog;
  now: () => number;
}

/** The services as each wire takes them. */
export interface ControlServices {
  grpc: ServedService[];
  http: UnaryRoute[];
  /** What every method of `http` asks for at the least; throws `unauthenticated`. */
  authenticate: (path: string, context: RpcContext) => Promise<unknown>;
  check: CheckOptions["check"];
  /** The full names that reflection shows. */
  names: string[];
}

/** Makes the services. */
export function controlServices(options: ServicesOptions): ControlServices {
  const { store, fleet, metrics, now } = options;
  const may = createAuthenticator(store.tokens, now);
  const limits = {
    running: availableParallelism(),
    waiting: maxWaitingBuilds,
  };
  const observe: CallObserver = (...call) => metrics.called(...call);
  const bounded = boundedBuild(
    measuredBuild(build, (...outcome) => metrics.built(...outcome)),
    limits,
  );
  const container = containerService(may, store.containers);
  const point = pointService(may, store.points);
  const egress = egressService({
    may,
    egress: store.egress,
    containers: store.containers,
  });
  const secret = secretService(may, store.secrets);
  const host = hostService(may, fleet);
  const token = tokenService({
    may,
    now,
    revoke: (request) => store.tokens.revoke(request),
    sign: (claims) => signWith(store.tokens, claims, now),
  });
  const extension = extensionService({
    may,
    fleet,
    extensions: store.extensions,
    versions: counted(store.versions, metrics),
    build: bounded,
  });
  const sync = syncService({
    store: sharedReads(store),
    fleet,
    may,
    build: bounded,
    readBundle: sharedBundles((digest) => store.versions.readBundle(digest)),
    signHistory: (position, parentHistoryId) =>
      signHistory(store.tokens, { position, parentHistoryId }, now),
    countRefusal: (reason) => metrics.refusedByHost(reason),
    log: options.log,
    now,
  });
  return {
    grpc: [
      served(ContainerServiceDefinition, container),
      served(PointServiceDefinition, point),
      served(EgressServiceDefinition, egress),
      served(ExtensionServiceDefinition, extension),
      served(SecretServiceDefinition, secret),
      served(TokenServiceDefinition, token),
      served(HostServiceDefinition, host),
      served(SyncServiceDefinition, sync),
    ],
    http: [
      ...unaryRoutes(ContainerServiceDefinition, container, observe),
      ...unaryRoutes(PointServiceDefinition, point, observe),
      ...unaryRoutes(EgressServiceDefinition, egress, observe),
      ...unaryRoutes(ExtensionServiceDefinition, extension, observe),
      ...unaryRoutes(SecretServiceDefinition, secret, observe),
      ...unaryRoutes(TokenServiceDefinition, token, observe),
      ...unaryRoutes(HostServiceDefinition, host, observe),
    ],
    check: createCheck({
      may,
      fleet,
      extensions: store.extensions,
      versions: store.versions,
      build: bounded,
      runTrial,
    }),
    authenticate: (path, context) =>
      may.anybody(context).catch((thrown: unknown) =>
        // It does not come as far as the method, and is counted all the same.
        inServerSpan({ path, metadata: context.metadata, observe }, () =>
          Promise.reject(thrown),
        ),
      ),
    names: [
      ContainerServiceDefinition.fullName,
      PointServiceDefinition.fullName,
      EgressServiceDefinition.fullName,
      ExtensionServiceDefinition.fullName,
      SecretServiceDefinition.fullName,
      TokenServiceDefinition.fullName,
      HostServiceDefinition.fullName,
      SyncServiceDefinition.fullName,
    ],
  };
}

function counted(
  versions: Store["versions"],
  metrics: ControlMetrics,
): Store["versions"] {
  return {
    ...versions,
    async publish(request) {
      const published = await versions.publish(request);
      if (!request.validateOnly) metrics.published();
      return published;
    },
  };
}
