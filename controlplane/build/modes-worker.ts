/** A thread of its own for inOwnModes: a megabyte of script takes it half a second. */
import { parentPort, workerData } from "node:worker_threads";
import { inOwnModes } from "./modes.ts";

// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- modes-thread.ts gave it
const [script, modes] = workerData as Parameters<typeof inOwnModes>;
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
parentPort?.postMessage(inOwnModes(script, modes));
