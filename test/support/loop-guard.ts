/**
 * Preloaded into sandboxd (`--import`), tells what held up its event loop: a line of JSON in the file LOOP_GUARD_FILE names
 * for each turn of the loop in which the main thread computed, or was inside synchronous calls of node:fs and
 * node:child_process, for longer than LOOP_GUARD_MS. Processor time, not the clock's, so that a busy machine blames nobody; and without V8's
 * collections of garbage, which no code of ours can cut into turns (seen: 13 to 30 ms).
 */
import childProcess from "node:child_process";
import fs, { appendFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { PerformanceObserver, type PerformanceEntry } from "node:perf_hooks";
import { isMainThread } from "node:worker_threads";

/** A turn of the loop that took too long, in milliseconds. */
export interface BlockedTurn {
  /** Of the Unix epoch. */
  atMs: number;
  /** How long the main thread computed, collections of garbage apart. */
  cpuMs: number;
  /** How long it was inside synchronous calls. */
  syncMs: number;
}

const probeEveryMs = 1;
const { LOOP_GUARD_FILE: file, LOOP_GUARD_MS: limitMs } = process.env;
const isSandboxd = /sandboxd[/\\]main\.[jt]s$/.test(process.argv[1] ?? "");
if (file !== undefined && isMainThread && isSandboxd)
  watch(file, Number(limitMs));

function watch(to: string, limit: number): void {
  let insideMs = 0;
  const timed = (beganMs: number) => {
    insideMs += performance.now() - beganMs;
  };
  for (const module of [fs, childProcess]) timeSyncCalls(module, timed);
  syncBuiltinESMExports();
  let collectedMs = 0;
  const count = (collections: PerformanceEntry[]) => {
    for (const { duration } of collections) collectedMs += duration;
  };
  const collections = new PerformanceObserver((list) =>
    count(list.getEntries()),
  );
  collections.observe({ entryTypes: ["gc"] });
  let before = process.threadCpuUsage();
  // Once in each turn of the loop, and after what Node tells of a collection in it.
  const probe = () => {
    setTimeout(() => setImmediate(probe).unref(), probeEveryMs).unref();
    const { user, system } = process.threadCpuUsage();
    count(collections.takeRecords());
    const computedMs = (user + system - before.user - before.system) / 1000;
    const cpuMs = computedMs - collectedMs;
    const syncMs = insideMs;
    if (cpuMs > limit || syncMs > limit) {
      const turn: BlockedTurn = { atMs: Date.now(), cpuMs, syncMs };
      appendFileSync(to, `${JSON.stringify(turn)}\n`);
    }
    before = process.threadCpuUsage();
    insideMs = 0;
    collectedMs = 0;
  };
  probe();
  // The last turn, after which no probe comes: on a slow machine a whole short program is one turn.
  process.on("exit", probe);
}

/** Has every function of a module whose name ends in Sync tell when it was begun, once it is over. */
function timeSyncCalls(module: object, over: (beganMs: number) => void): void {
  for (const [name, call] of Object.entries(module)) {
    if (!name.endsWith("Sync") || typeof call !== "function") continue;
    const timed = (...parameters: unknown[]): unknown => {
      const beganMs = performance.now();
      try {
        return Reflect.apply(call, module, parameters);
      } finally {
        over(beganMs);
      }
    };
    Object.assign(module, { [name]: Object.assign(timed, call) });
  }
}
