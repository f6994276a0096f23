/** This host's ties to its control plane: the sync stream upward, and builds of code that came with a request. */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { AnnexError } from "../proto/errors.ts";
import { SyncServiceDefinition } from "../proto/gen/annex/sync/v1/sync.ts";
import { connectRpc } from "../proto/rpc/client.ts";
import type { TokenVerifier } from "../proto/token.ts";
import type { OpenCatalog } from "./cache/catalog.ts";
import type { Config } from "./config.ts";
import { runtimeNames } from "./executor/runtimes.ts";
import type { LoadableVersion } from "./supervisor/call.ts";
import type { Supervisor } from "./supervisor/supervisor.ts";
import type { Candidate } from "./sync/dependencies.ts";
import { createInlineBuild } from "./sync/inline-build.ts";
import { startSync, type Sync } from "./sync/sync.ts";
import { parseVersionKey, versionKeyOf } from "./invoke/versions.ts";

const release = "0.1.0";

export interface Control {
  buildInline: ReturnType<typeof createInlineBuild>;
  /** Tells the control plane that a version became warm here, or cold. */
  reportWarmth(container: string, key: string, isWarm: boolean): void;
  /**
   * Takes a version out of service, `message` saying why: at once here, then on disk, and as soon as it can be told upward.
   * Code of a request is none of the control plane's.
   */
  reportQuarantine(container: string, key: string, message: string): void;
  startSync(options: SyncOptions): Sync;
}

export interface SyncOptions {
  supervisor: Supervisor;
  runUrl: string;
  /** What walls the executors, and what bounds their memory and CPU. */
  walls: string;
  limits: string;
  /** Called whenever this host has everything. */
  caughtUp: () => void;
}

export function connectControl(options: {
  config: Config;
  instance: string;
  catalog: OpenCatalog;
  verifier: TokenVerifier;
  log: Logger;
}): Control {
  const { config, instance, catalog, verifier, log } = options;
  let sync: Sync | undefined;

  /** Every connection reads the token anew: it may have been replaced. */
  function connect() {
    const token = readFileSync(config.joinTokenFile, "utf8").trim();
    return connectRpc(SyncServiceDefinition, {
      address: config.controlAddress,
      token,
    });
  }

  return {
    buildInline: createInlineBuild({
      async build(request) {
        const connection = connect();
        try {
          return await connection.client.build(request);
        } finally {
          connection.close();
        }
      },
      putInline: (sourceDigest, build) =>
        catalog.putInline(sourceDigest, build),
      log,
    }),
    reportWarmth(container, key, isWarm) {
      const version = parseVersionKey(key);
      if (!version) return;
      const { extension, number } = version;
      sync?.reportHeld({ container, extension, version: number, isWarm });
    },
    reportQuarantine(container, key, message) {
      const version = parseVersionKey(key);
      const serving =
        version && catalog.extension(container, version.extension);
      if (!serving) return;
      const { extension, number, digest } = version;
      const { quarantineReleases } = serving;
      const fields = { container, extension, version: number };
      catalog
        .putQuarantined({
          ...fields,
          version: { number, digest },
          message,
          quarantineReleases,
        })
        .catch((error: unknown) => {
          log.error({ ...fields, err: error }, "quarantine is in memory alone");
        });
      sync?.reportQuarantine({ ...fields, message });
    },
    startSync({ supervisor, runUrl, walls, limits, caughtUp }) {
      sync = startSync(
        {
          host: config.hostName,
          instance,
          subscription: subscriptionOf(config.containers),
          runtimes: [...runtimeNames],
          runUrl,
          release,
          walls,
          limits,
        },
        {
          catalog,
          connect,
          checkVersion: (candidate) => supervisor.check(loadableOf(candidate)),
          warm: (candidate) => warm(candidate, supervisor),
          verifyHistory,
          caughtUp,
          log,
          now: () => performance.now(),
          sleep: (ms, signal) => sleep(ms, undefined, { signal }),
        },
      );
      return sync;
    },
  };

  async function warm(
    candidate: Candidate,
    supervisor: Supervisor,
  ): Promise<boolean> {
    const { container, extension } = candidate;
    const next = loadableOf(candidate);
    const present = catalog.extension(container, extension);
    if (present)
      await supervisor.warmBeside(
        next,
        versionKeyOf(
          extension,
          (present.quarantine?.standIn ?? present).version,
        ),
      );
    return supervisor.isWarm(container, next.key);
  }

  async function verifyHistory(token: string): Promise<string> {
    const claims = await verifier.verify(token);
    if (claims.kind === "history") return claims.historyId;
    throw new AnnexError("unauthenticated", "the token names no history");
  }
}

function subscriptionOf(containers: readonly string[]) {
  return containers.length === 0
    ? { scope: { $case: "all" as const, value: {} } }
    : {
        scope: {
          $case: "named" as const,
          value: { containers: [...containers] },
        },
      };
}

function loadableOf({
  container,
  extension,
  version,
  secrets,
  meta,
  content,
}: Candidate): LoadableVersion {
  return {
    key: versionKeyOf(extension, version),
    container,
    fileName: "extension.js",
    secrets,
    meta,
    runtime: version.runtime,
    read: () => Promise.resolve({ content, bundleBytes: version.bundleBytes }),
  };
}
