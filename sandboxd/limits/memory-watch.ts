/**
 * Watches processes' memory in a thread of its own: reading /proc takes too long for the supervisor's event loop, and what
 * kills for memory must not wait for that loop.
 */
/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread has no origin */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { LimitsLog } from "./limits.ts";

export interface MemoryWatch {
  watch(process: {
    pid: number;
    startTicks: string;
    maxBytes: number;
  }): WatchedProcess;
  close(): Promise<void>;
}

export interface WatchedProcess {
  /** Changes how much memory it and all that it starts may have in RAM. */
  confine(maxBytes: number): void;
  /** It was killed for its memory. */
  isOutOfMemory(): boolean;
  /** It is gone. */
  forget(): void;
}

/** What the thread is started with. */
export interface WatchWorkerData {
  maxProcesses: number;
}

/** To the thread. */
export type WatchRequest =
  | {
      type: "watch";
      id: number;
      pid: number;
      startTicks: string;
      maxBytes: number;
      /** Where the thread writes why it killed; shared, so that it is there before the process is gone. */
      verdict: Int32Array<SharedArrayBuffer>;
    }
  | { type: "confine"; id: number; maxBytes: number }
  | { type: "forget"; id: number };

/** From the thread: it has killed. */
export interface WatchReply {
  pid: number;
  why: keyof typeof verdicts;
  /** Bytes, or processes. */
  observed: number;
}

/** What a verdict says. */
export const verdicts = { memory: 1, processes: 2 } as const;

type Watched = Extract<WatchRequest, { type: "watch" }>;

const workerHeapMb = 64;
/** A thread that failed is started again, but not in a tight loop. */
const restartAfterMs = 50;

/** Resolves when the thread runs; what it is asked to watch before it looks waits in its queue. */
export async function startMemoryWatch(options: {
  maxProcesses: number;
  log: LimitsLog;
}): Promise<MemoryWatch> {
  const { log, maxProcesses } = options;
  const watched = new Map<number, Watched>();
  let lastId = 0;
  let isClosed = false;
  let worker = startWorker();
  await once(worker, "online");

  return {
    watch(process) {
      const id = ++lastId;
      const verdict = new Int32Array(new SharedArrayBuffer(4));
      const request: Watched = { type: "watch", id, verdict, ...process };
      watched.set(id, request);
      send(request);
      return {
        confine(maxBytes) {
          request.maxBytes = maxBytes;
          if (watched.has(id)) send({ type: "confine", id, maxBytes });
        },
        isOutOfMemory: () => Atomics.load(verdict, 0) === verdicts.memory,
        forget() {
          if (watched.delete(id)) send({ type: "forget", id });
        },
      };
    },
    async close() {
      isClosed = true;
      await worker.terminate();
    },
  };

  function send(request: WatchRequest): void {
    worker.postMessage(request);
  }

  function startWorker(): Worker {
    const workerData: WatchWorkerData = { maxProcesses };
    const started = new Worker(
      new URL("memory-watch-worker.ts", import.meta.url),
      { workerData, resourceLimits: { maxOldGenerationSizeMb: workerHeapMb } },
    );
    started.unref();
    started.on("message", (reply: WatchReply) =>
      log.warn(reply, "executor killed above its limit"),
    );
    started.on("error", (error) =>
      log.warn({ err: error }, "memory watch failed"),
    );
    started.on("exit", startAgain);
    return started;
  }

  /** Nothing may run unwatched for long. */
  function startAgain(): void {
    setTimeout(() => {
      if (isClosed) return;
      worker = startWorker();
      for (const request of watched.values()) send(request);
    }, restartAfterMs).unref();
  }
}
