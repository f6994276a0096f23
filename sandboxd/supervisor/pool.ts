/** Executors that are started and ready but belong to nobody yet, so that a first call waits for no process to start. */
import { AnnexError } from "../../proto/errors.ts";
import type { StartRequest } from "../protocol.ts";
import { Executor } from "./executor.ts";
import type { Launcher, ProcessLimits } from "./launcher.ts";

export interface ExecutorPool {
  /** A ready executor; rejects with `unavailable` when none can be started. */
  take(): Promise<Executor>;
  /** Resolves when one is ready; rejects with `unavailable` when none can be started. */
  ready(): Promise<void>;
  /** How many are ready now. */
  readyCount(): number;
  close(): void;
}

export interface PoolOptions {
  launcher: Launcher;
  /** What an executor may use that belongs to nobody yet. */
  limits: ProcessLimits;
  start: StartRequest;
  /** How many to keep ready. */
  size: number;
  now: () => number;
  log: { error(fields: object, message: string): void };
}

/** After an executor could not be started, how long until the next is tried. */
const restartDelayMs = 1000;

interface Waiter {
  resolve(executor: Executor): void;
  reject(error: Error): void;
}

export function startPool(options: PoolOptions): ExecutorPool {
  const ready: Executor[] = [];
  const starting = new Set<Executor>();
  const waiters: Waiter[] = [];
  let retry: NodeJS.Timeout | undefined;
  let isClosed = false;

  function refill(): void {
    retry = undefined;
    if (isClosed) return;
    while (ready.length + starting.size < options.size + waiters.length)
      startOne();
  }

  function startOne(): void {
    const { launcher, limits, start, now } = options;
    const process = launcher.launch(limits);
    const executor = new Executor({ process, start, now });
    starting.add(executor);
    executor.assign({
      warmth: () => undefined,
      loggedLate: () => undefined,
      exited: (ending) => dropped(executor, ending),
    });
    executor.ready().then(
      () => arrived(executor),
      () => undefined, // `exited` tells the same
    );
  }

  function arrived(executor: Executor): void {
    starting.delete(executor);
    const waiter = waiters.shift();
    if (waiter) waiter.resolve(executor);
    else ready.push(executor);
  }

  function dropped(executor: Executor, ending: string): void {
    const wasStarting = starting.delete(executor);
    const index = ready.indexOf(executor);
    if (index >= 0) ready.splice(index, 1);
    if (isClosed) return;
    if (wasStarting) {
      options.log.error({ ending }, "an executor could not be started");
      const message = `no executor can be started: ${ending}`;
      waiters.shift()?.reject(new AnnexError("unavailable", message));
    }
    retry ??= setTimeout(refill, wasStarting ? restartDelayMs : 0);
  }

  refill();
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
    take() {
      if (isClosed)
        return Promise.reject(
          new AnnexError("unavailable", "the host is closing"),
        );
      const executor = ready.shift();
      if (executor) {
        // After the caller's own work: starting a process blocks the event loop for a moment.
        setImmediate(refill);
        return Promise.resolve(executor);
      }
      const taken = new Promise<Executor>((resolve, reject) =>
        waiters.push({ resolve, reject }),
      );
      refill();
      return taken;
    },
    readyCount: () => ready.length,
    close() {
      isClosed = true;
      clearTimeout(retry);
      for (const executor of [...ready, ...starting]) executor.kill("closed");
      for (const waiter of waiters.splice(0))
        waiter.reject(new AnnexError("unavailable", "the host is closing"));
    },
  };
}
