/** A thread of its own for `finished`: a megabyte of script takes it half a second. */
import { parentPort, workerData } from "node:worker_threads";
import { finished } from "./finish.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- finish-thread.ts gave it
const [script, how] = workerData as Parameters<typeof finished>;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
parentPort?.postMessage(finished(script, how));
