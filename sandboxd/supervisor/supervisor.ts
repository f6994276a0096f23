/** Runs calls in executors, one container per process: the only part of sandboxd that knows there are processes. */
import { AnnexError } from "../../proto/errors.ts";
import type { LoadFailure, StartRequest } from "../protocol.ts";
import {
  inlinePrefix,
  type ExecutorCall,
  type LoadableVersion,
  type LostCause,
} from "./call.ts";
import type { Death } from "./death.ts";
import type { EgressGate } from "./egress.ts";
import { Groups } from "./groups.ts";
import { HostLimits } from "./host-limits.ts";
import type { Launcher } from "./launcher.ts";
import { PacedStarts } from "./paced-starts.ts";
import { startPool } from "./pool.ts";
import { joinPools, type StockedPool } from "./stocked-pool.ts";
import { createProcesses, type MemoryBudget } from "./processes.ts";
import { Quarantine } from "./quarantine.ts";
import { runCall, type RunOutcome } from "./run.ts";
import type { ExecutorSettings } from "./settings.ts";

export interface SupervisorConfig {
  /** Executors kept ready for containers that have none. */
  poolSize: number;
  /** Beside them, with Node's library loaded. */
  stockedPoolSize: number;
  /** Executors of all containers together. */
  maxExecutors: number;
  /** An executor unused for longer is ended. */
  idleMs: number;
  /** An executor older than this takes no more calls. */
  maxAgeMs: number;
  /** Of an executor that belongs to nobody yet. */
  memoryMb: number;
  cpuPercent: number;
  heapLimitMb: number;
  maxResultBytes: number;
  maxLogBytes: number;
  maxOpenHostCalls: number;
  maxHostCalls: number;
  maxOpenEgress: number;
  /** Of a version's top level. */
  loadTimeoutMs: number;
  /** Of one container, in one executor. */
  maxInlineVersions: number;
  /** A version that ends so many executors within the window is quarantined. */
  quarantineAfter: number;
  quarantineWindowMs: number;
}

export interface SupervisorDependencies {
  launcher: Launcher;
  budget: MemoryBudget;
  gate: EgressGate;
  /** What holds for a container now; complete. */
  settingsOf: (container: string) => ExecutorSettings;
  now: () => number;
  log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** A version became warm on this host, or is no longer. */
  warmthChanged(container: string, version: string, isWarm: boolean): void;
  /** A process ended that we had not asked to end politely. */
  executorKilled(cause: LostCause): void;
  /** A version of an extension ends its executors again and again, and must not be called. */
  quarantined(container: string, version: string, message: string): void;
}

export interface Supervisor {
  run(
    version: LoadableVersion,
    call: ExecutorCall,
    signal?: AbortSignal,
  ): Promise<RunOutcome>;
  /** Compiles a version and evaluates its top level in an executor that is thrown away after. */
  check(version: LoadableVersion): Promise<LoadFailure | undefined>;
  /** Where `present` is warm, makes `next` warm too. */
  warmBeside(next: LoadableVersion, present: string): Promise<void>;
  isWarm(container: string, version: string): boolean;
  /** Reads a container's settings anew: living executors are confined to them, the next are started with them. */
  settingsChanged(container: string): void;
  /** Resolves when a first executor is ready; rejects when none can be started. */
  ready(): Promise<void>;
  /** Executors in use and ready. */
  counts(): Record<"assigned" | "ready", number>;
  /** The processes each container's calls run in: for tests, which kill them and see that nobody else's was. */
  pids(): { container: string; pid: number }[];
  /** Calls of a container sent to its executors and not yet ended there: for tests, which wait until a call is under way. */
  openCalls(container: string): number;
  /** Kills every executor: open calls end as lost. */
  close(): Promise<void>;
}

const sweepIntervalMs = 50;

export function startSupervisor(
  config: SupervisorConfig,
  dependencies: SupervisorDependencies,
): Supervisor {
  const { launcher, budget, gate, settingsOf, now, log } = dependencies;
  const quarantine = new Quarantine({
    after: config.quarantineAfter,
    windowMs: config.quarantineWindowMs,
    now,
    quarantined: ({ container, key }, message) => {
      log.warn({ container, version: key, message }, "version quarantined");
      if (!key.startsWith(inlinePrefix))
        dependencies.quarantined(container, key, message);
    },
  });
  const processes = createProcesses({
    launcher,
    budget,
    returned: () => pool.refill(),
  });
  const starts = new PacedStarts();
  const poolOf = (isStocked: boolean, size: number) =>
    startPool({
      processes,
      starts,
      limits: defaultLimits(config, budget),
      start: startRequestOf(config, isStocked),
      gate,
      size,
      now,
      log,
    });
  const pool: StockedPool = joinPools(
    poolOf(false, config.poolSize),
    poolOf(true, config.stockedPoolSize),
  );
  const groups = new Groups({
    take: (limits, isStocked) => host.take(limits, isStocked),
    maxAgeMs: config.maxAgeMs,
    loadTimeoutMs: config.loadTimeoutMs,
    maxInlineVersions: config.maxInlineVersions,
    now,
    quarantine,
    settingsOf: settingsHere,
    events: {
      warmth: ({ container, key }, isWarm) =>
        dependencies.warmthChanged(container, key, isWarm),
      // Too late for its invocation's spans; who reads a container's logs is not there yet to be told.
      loggedLate: () => undefined,
      exited,
    },
    movedOut: (container, trustGroup) =>
      log.warn(
        { container, trustGroup },
        "container moved out of its trust group",
      ),
  });
  const host = new HostLimits({
    pool,
    budget,
    maxExecutors: config.maxExecutors,
    assigned: () => groups.executors(),
  });
  const sweeper = setInterval(
    () => groups.sweep(config.idleMs),
    sweepIntervalMs,
  );

  /** No process can have more than the host. */
  function settingsHere(container: string): ExecutorSettings {
    const settings = settingsOf(container);
    const memoryMb = Math.min(settings.memoryMb, budget.largestMb);
    return { ...settings, memoryMb };
  }

  function exited(death: Death): void {
    const { pid, cause, how, suspects } = death;
    if (cause === "closed") return;
    dependencies.executorKilled(cause);
    const versions = suspects.map(({ name }) => name);
    log.warn({ pid, cause, ending: how, versions }, "executor ended");
    quarantine.strike(death);
  }

  async function check(
    version: LoadableVersion,
  ): Promise<LoadFailure | undefined> {
    const settings = settingsHere(version.container);
    const executor = await pool.take(false);
    if (!executor)
      throw new AnnexError(
        "unavailable",
        "this host has no memory for an executor to check the version in",
      );
    executor.confine(settings);
    const hung = setInterval(() => executor.enforceTime(), sweepIntervalMs);
    try {
      return await executor.load(version, {
        timeoutMs: config.loadTimeoutMs,
        heapLimitMb: settings.heapLimitMb,
      });
    } finally {
      clearInterval(hung);
      executor.kill("closed");
    }
  }

  return {
    run: (version, call, signal) =>
      runCall(
        { groupOf: ({ container }) => groups.of(container), quarantine },
        version,
        { call, signal },
      ),
    check,
    async warmBeside(next, present) {
      await groups.known(next.container)?.warmBeside(next, present);
    },
    isWarm: (container, key) =>
      groups.known(container)?.isWarm({ container, key }) ?? false,
    settingsChanged: (container) => groups.settingsChanged(container),
    ready: () => pool.ready(),
    counts: () => ({
      assigned: groups.executors().length,
      ready: pool.readyCount(),
    }),
    openCalls: (container) => groups.openCalls(container),
    pids: () => [...groups.all()].flatMap((group) => group.pids()),
    async close() {
      clearInterval(sweeper);
      pool.close();
      const executors = groups.executors();
      for (const executor of executors) executor.kill("closed");
      await Promise.all(executors.map((executor) => executor.exited()));
    },
  };
}

function defaultLimits(
  { memoryMb, cpuPercent }: SupervisorConfig,
  { largestMb }: MemoryBudget,
) {
  return { memoryMb: Math.min(memoryMb, largestMb), cpuPercent };
}

function startRequestOf(
  config: SupervisorConfig,
  isStocked: boolean,
): StartRequest {
  const {
    heapLimitMb,
    maxResultBytes,
    maxLogBytes,
    maxOpenHostCalls,
    maxHostCalls,
    maxOpenEgress,
  } = config;
  return {
    type: "start",
    isStocked,
    heapLimitMb,
    maxResultBytes,
    maxLogBytes,
    maxOpenHostCalls,
    maxHostCalls,
    maxOpenEgress,
  };
}
