/** Runs calls in executors, one container per process: the only part of sandboxd that knows there are processes. */
import { AnnexError } from "../../proto/errors.ts";
import type { LoadFailure } from "../protocol.ts";
import { ContainerExecutors, type RunOutcome } from "./container-executors.ts";
import type { ExecutorCall, LoadableVersion, LostCause } from "./call.ts";
import type { Launcher } from "./launcher.ts";
import { startPool } from "./pool.ts";

export interface SupervisorConfig {
  /** Executors kept ready for containers that have none. */
  poolSize: number;
  /** Executors of all containers together. */
  maxExecutors: number;
  maxExecutorsPerContainer: number;
  /** An executor unused for longer is ended. */
  idleMs: number;
  /** An executor older than this takes no more calls. */
  maxAgeMs: number;
  /** Of an executor's process, and of a container's executors together. */
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
  maxInlineVersions: number;
}

export interface SupervisorDependencies {
  launcher: Launcher;
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
  /** Resolves when a first executor is ready; rejects when none can be started. */
  ready(): Promise<void>;
  /** Executors in use and ready. */
  counts(): Record<"assigned" | "ready", number>;
  pids(): { container: string; pid: number }[];
  /** Calls of a container sent to its executors and not yet ended there. */
  openCalls(container: string): number;
  /** Kills every executor: open calls end as lost. */
  close(): Promise<void>;
}

const sweepIntervalMs = 50;

export function startSupervisor(
  config: SupervisorConfig,
  dependencies: SupervisorDependencies,
): Supervisor {
  const { launcher, now, log } = dependencies;
  const pool = startPool({
    launcher,
    now,
    log,
    size: config.poolSize,
    limits: { memoryMb: config.memoryMb, cpuPercent: config.cpuPercent },
    start: startRequestOf(config),
  });
  const containers = new Map<string, ContainerExecutors>();
  const sweeper = setInterval(sweep, sweepIntervalMs);

  function sweep(): void {
    for (const [container, executors] of containers) {
      executors.sweep(config.idleMs);
      if (executors.executors.size === 0 && !executors.isStarting)
        containers.delete(container);
    }
  }

  function executorsOf(container: string): ContainerExecutors {
    const known = containers.get(container);
    if (known) return known;
    const created = new ContainerExecutors({
      take: () => takeWithinBudget(),
      maxExecutors: config.maxExecutorsPerContainer,
      maxAgeMs: config.maxAgeMs,
      loadTimeoutMs: config.loadTimeoutMs,
      maxInlineVersions: config.maxInlineVersions,
      now,
      events: {
        warmth: (version, isWarm) =>
          dependencies.warmthChanged(container, version, isWarm),
        // Too late for its invocation's spans; who reads a container's logs is not there yet to be told.
        loggedLate: () => undefined,
        exited: (ending, cause, pid) => {
          if (cause === "closed") return;
          dependencies.executorKilled(cause);
          log.warn({ container, pid, cause, ending }, "executor ended");
        },
      },
    });
    containers.set(container, created);
    return created;
  }

  async function takeWithinBudget() {
    if (assignedCount() >= config.maxExecutors) endLongestUnused();
    return await pool.take();
  }

  function assignedCount(): number {
    let count = 0;
    for (const { executors } of containers.values()) count += executors.size;
    return count;
  }

  function endLongestUnused(): void {
    const idle = [...containers.values()]
      .flatMap(({ executors }) => [...executors])
      .filter((executor) => executor.isAlive && !executor.isBusy)
      .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
    const [longest] = idle;
    if (!longest)
      throw new AnnexError(
        "unavailable",
        `all ${config.maxExecutors} executors of this host are busy (max_executors)`,
      );
    longest.kill("closed");
  }

  return {
    run: (version, call, signal) =>
      executorsOf(version.container).run(version, call, signal),
    async check(version) {
      const executor = await pool.take();
      const hung = setInterval(() => executor.enforceTime(), sweepIntervalMs);
      const failure = await executor.load(version, config.loadTimeoutMs);
      clearInterval(hung);
      executor.kill("closed");
      return failure;
    },
    async warmBeside(next, present) {
      await containers.get(next.container)?.warmBeside(next, present);
    },
    isWarm: (container, version) =>
      containers.get(container)?.isWarm(version) ?? false,
    ready: () => pool.ready(),
    counts: () => ({ assigned: assignedCount(), ready: pool.readyCount() }),
    openCalls: (container) => containers.get(container)?.openCalls ?? 0,
    pids: () =>
      [...containers].flatMap(([container, { executors }]) =>
        [...executors].map(({ pid }) => ({ container, pid })),
      ),
    async close() {
      clearInterval(sweeper);
      pool.close();
      for (const executors of containers.values()) executors.close();
      await Promise.all(
        [...containers.values()].flatMap(({ executors }) =>
          [...executors].map((e) => e.exited()),
        ),
      );
    },
  };
}

function startRequestOf(config: SupervisorConfig) {
  const {
    heapLimitMb,
    maxResultBytes,
    maxLogBytes,
    maxOpenHostCalls,
    maxHostCalls,
    maxOpenEgress,
  } = config;
  return {
    type: "start" as const,
    heapLimitMb,
    maxResultBytes,
    maxLogBytes,
    maxOpenHostCalls,
    maxHostCalls,
    maxOpenEgress,
  };
}
