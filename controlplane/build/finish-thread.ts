/** Large scripts are finished beside the event loop, small ones on it. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { AnnexError } from "../../proto/errors.ts";
import { finished, needsFinish, type Finish } from "./finish.ts";
import type { MappedScript } from "./script.ts";

/** Takes the event loop some ten milliseconds; a thread takes longer to start. */
const maxOnLoopChars = 64 * 1024;
const maxHeapMb = 2048;

/** `finished`; rejects when `signal` aborts. */
export async function finishedBeside(
  script: MappedScript,
  how: Finish,
  signal: AbortSignal,
): Promise<MappedScript> {
  if (script.code.length <= maxOnLoopChars || !needsFinish(script, how))
    return finished(script, how);
  const worker = new Worker(new URL("finish-worker.ts", import.meta.url), {
    workerData: [script, how],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  try {
    // `once` rejects with the worker's own error, too.
    const [done]: MappedScript[] = await once(worker, "message", { signal });
    if (done) return done;
    throw new Error("the thread gave no script");
  } catch (cause) {
    if (isOutOfMemory(cause))
      throw new AnnexError(
        "exhausted",
        "the source is too large to be made one script; make it smaller",
        { cause },
      );
    throw cause;
  } finally {
    await worker.terminate();
  }
}

function isOutOfMemory(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    "code" in thrown &&
    thrown.code === "ERR_WORKER_OUT_OF_MEMORY"
  );
}
