/** The thread that looks at watched processes when each is due, and now and then for new ones. */
/* oxlint-disable unicorn/require-post-message-target-origin -- a worker thread has no origin */
import { setPriority } from "node:os";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import {
  verdicts,
  type WatchReply,
  type WatchRequest,
  type WatchWorkerData,
} from "./memory-watch.ts";
import { nextLookMs } from "./next-look.ts";
import { ProcessTrees, type ProcessTree } from "./process-trees.ts";

/** How often new processes are looked for. */
const findEveryMs = 100;
/** What is condemned is killed again this often until it is gone. */
const killEveryMs = 5;

interface Watched {
  tree: ProcessTree;
  maxBytes: number;
  verdict: Int32Array<SharedArrayBuffer>;
  residentBytes: number;
  dueMs: number;
  isCondemned: boolean;
}

if (parentPort) serve(parentPort, workerData);

function serve(port: MessagePort, { maxProcesses }: WatchWorkerData): void {
  const trees = new ProcessTrees();
  const watched = new Map<number, Watched>();
  let findDueMs = 0;
  let timer: NodeJS.Timeout | undefined;
  goFirst();

  port.on("message", (request: WatchRequest) => {
    if (request.type === "watch") add(request);
    else if (request.type === "confine") confine(request.id, request.maxBytes);
    else forget(request.id);
    round();
  });

  function add({
    id,
    pid,
    startTicks,
    maxBytes,
    verdict,
  }: Extract<WatchRequest, { type: "watch" }>): void {
    watched.set(id, {
      tree: trees.add(pid, startTicks),
      maxBytes,
      verdict,
      residentBytes: 0,
      dueMs: 0,
      isCondemned: false,
    });
  }

  function confine(id: number, maxBytes: number): void {
    const one = watched.get(id);
    if (one) Object.assign(one, { maxBytes, dueMs: 0 });
  }

  function forget(id: number): void {
    const one = watched.get(id);
    if (one) trees.remove(one.tree);
    watched.delete(id);
  }

  /** Does all that is due, and comes again when something is. */
  function round(): void {
    clearTimeout(timer);
    const now = performance.now();
    if (now >= findDueMs) {
      trees.find();
      findDueMs = now + findEveryMs;
    }
    let nextMs = findDueMs;
    for (const one of watched.values()) {
      if (now >= one.dueMs) one.dueMs = look(one);
      nextMs = Math.min(nextMs, one.dueMs);
    }
    if (watched.size > 0)
      timer = setTimeout(round, Math.max(1, nextMs - performance.now()));
  }

  /** Looks at what a tree has in RAM, ends it where that is too much, and says when to look again. */
  function look(one: Watched): number {
    const before = one.residentBytes;
    one.residentBytes = trees.residentBytes(one.tree);
    const count = one.tree.processes.size;
    if (one.residentBytes > one.maxBytes)
      condemn(one, "memory", one.residentBytes);
    else if (count > maxProcesses) condemn(one, "processes", count);
    if (one.isCondemned) {
      trees.kill(one.tree);
      return performance.now() + killEveryMs;
    }
    return (
      performance.now() +
      nextLookMs({
        beforeBytes: before,
        residentBytes: one.residentBytes,
        maxBytes: one.maxBytes,
      })
    );
  }

  function condemn(
    one: Watched,
    why: WatchReply["why"],
    observed: number,
  ): void {
    if (one.isCondemned) return;
    one.isCondemned = true;
    // Before the kill: who hears of the end asks at once why.
    Atomics.store(one.verdict, 0, verdicts[why]);
    const reply: WatchReply = { pid: one.tree.pid, why, observed };
    port.postMessage(reply);
  }
}

/** Of this thread alone, where we may: it must get the processor while executors take all of it. */
function goFirst(): void {
  try {
    setPriority(0, -10);
  } catch {
    // Executors have a lower one than ours all the same.
  }
}
