/** Executors that are started and ready but belong to nobody yet, so that a first call waits for no process to start. */
import { AnnexError } from "../../proto/errors.ts";
import type { StartRequest } from "../protocol.ts";
import type { EgressGate } from "./egress.ts";
import { tellableHow, type Death } from "./death.ts";
import { Executor } from "./executor.ts";
import { HostPipes } from "./host-pipes.ts";
import type { ProcessLimits } from "./launcher.ts";
import type { PacedStarts } from "./paced-starts.ts";
import type { Processes } from "./processes.ts";

export interface ExecutorPool {
  /** A ready executor, undefined where the host has no memory for one; rejects with `unavailable` when none can be started. */
  take(): Promise<Executor | undefined>;
  /** Takes back one that was not used. */
  giveBack(executor: Executor): void;
  /** One that is kept ready, or is to be, and may be ended; it is no longer given to anybody. */
  spare(): Executor | undefined;
  /** Starts what is missing. */
  refill(): void;
  /** Starts none to be kept ready until the returned function is called. */
  pause(): () => void;
  /** Resolves when one is ready; rejects with `unavailable` when none can be started. */
  ready(): Promise<void>;
  /** How many are ready now. */
  readyCount(): number;
  close(): void;
}

export interface PoolOptions {
  processes: Processes;
  /** Of all pools. */
  starts: PacedStarts;
  /** What an executor may use that belongs to nobody yet. */
  limits: ProcessLimits;
  start: StartRequest;
  gate: EgressGate;
  /** How many to keep ready. */
  size: number;
  now: () => number;
  log: { error(fields: object, message: string): void };
}

/** After an executor could not be started, how long until the next is tried. */
const restartDelayMs = 1000;

/** How long an executor may take to be ready: many times what one takes on a busy machine. */
const startTimeoutMs = 10_000;

interface Waiter {
  resolve(executor: Executor): void;
  reject(error: Error): void;
}

export function startPool(options: PoolOptions): ExecutorPool {
  const ready: Executor[] = [];
  const starting = new Set<Executor>();
  const waiters: Waiter[] = [];
  const pipes = new HostPipes();
  const { starts } = options;
  let retry: NodeJS.Timeout | undefined;
  let pauses = 0;
  let isClosed = false;

  /** Has one started after another, until none is missing. */
  function refill(): void {
    if (isOneMissing()) starts.wish(startMissing);
  }

  function startMissing(): void {
    if (isOneMissing() && startOne()) refill();
  }

  function isOneMissing(): boolean {
    if (isClosed || retry) return false;
    return ready.length + starting.size < wanted();
  }

  function wanted(): number {
    return (pauses === 0 ? options.size : 0) + waiters.length;
  }

  /** False where the host has no memory for one. */
  function startOne(): boolean {
    const { processes, limits, start, gate, now } = options;
    const process = processes.launch(limits);
    if (!process) return false;
    const executor = new Executor({ process, start, gate, pipes, now });
    starting.add(executor);
    disown(executor);
    const late = setTimeout(
      () => executor.kill("closed", `not ready within ${startTimeoutMs} ms`),
      startTimeoutMs,
    );
    executor
      .ready()
      .then(
        () => arrived(executor),
        () => undefined, // `exited` tells the same
      )
      .finally(() => clearTimeout(late));
    return true;
  }

  function disown(executor: Executor): void {
    executor.assign({
      warmth: () => undefined,
      loggedLate: () => undefined,
      exited: (death) => dropped(executor, death),
    });
  }

  function arrived(executor: Executor): void {
    if (starting.delete(executor)) offer(executor);
  }

  function offer(executor: Executor): void {
    const waiter = waiters.shift();
    if (waiter) waiter.resolve(executor);
    else ready.push(executor);
  }

  function dropped(executor: Executor, death: Death): void {
    const wasStarting = starting.delete(executor);
    const index = ready.indexOf(executor);
    if (index >= 0) ready.splice(index, 1);
    if (isClosed) return;
    if (wasStarting) {
      options.log.error(
        { ending: death.how },
        "an executor could not be started",
      );
      const message = `no executor can be started: ${tellableHow(death)}`;
      waiters.shift()?.reject(new AnnexError("unavailable", message));
    }
    retry ??= setTimeout(
      () => {
        retry = undefined;
        refill();
      },
      wasStarting ? restartDelayMs : 0,
    );
  }

  function wait(): Promise<Executor> | undefined {
    if (starting.size <= waiters.length && !startOne()) return undefined;
    return new Promise((resolve, reject) => waiters.push({ resolve, reject }));
  }

  /** One that is starting, for nobody. */
  function unawaited(): Executor | undefined {
    if (waiters.length > 0) return undefined;
    const [executor] = starting;
    if (executor) starting.delete(executor);
    return executor;
  }

  // Nothing is served yet that they could hold up.
  while (isOneMissing() && startOne());
  return {
    async ready() {
      if (ready.length > 0) return;
      await Promise.any(
        [...starting].map((executor) => executor.ready()),
      ).catch((error: unknown) => {
        throw new AnnexError("unavailable", "no executor can be started", {
          cause: error,
        });
      });
    },
    async take() {
      if (isClosed) throw new AnnexError("unavailable", "the host is closing");
      const executor = ready.shift();
      if (!executor) return await wait();
      refill();
      return executor;
    },
    giveBack(executor) {
      disown(executor);
      if (isClosed) executor.kill("closed");
      else if (executor.isAlive) offer(executor);
    },
    spare: () => ready.pop() ?? unawaited(),
    refill,
    pause() {
      pauses++;
      return () => {
        pauses--;
        refill();
      };
    },
    readyCount: () => ready.length,
    close() {
      isClosed = true;
      clearTimeout(retry);
      starts.forget(startMissing);
      for (const executor of [...ready, ...starting]) executor.kill("closed");
      for (const waiter of waiters.splice(0))
        waiter.reject(new AnnexError("unavailable", "the host is closing"));
    },
  };
}
