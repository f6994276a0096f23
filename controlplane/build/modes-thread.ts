/** Large scripts are sorted into their modes beside the event loop, small ones on it. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { AnnexError } from "../../proto/errors.ts";
import { inOwnModes, modesOf } from "./modes.ts";
import type { MappedScript } from "./script.ts";

/** Takes the event loop some ten milliseconds; a thread takes longer to start. */
const maxOnLoopChars = 64 * 1024;
const maxHeapMb = 2048;

/** inOwnModes; rejects when `signal` aborts. */
export async function modesBeside(
  script: MappedScript,
  modes: Parameters<typeof inOwnModes>[1],
  signal: AbortSignal,
): Promise<MappedScript> {
  const { strict, sloppy } = modesOf(modes.inputs);
  const isParsed = modes.isAsync || (strict.size > 0 && sloppy.size > 0);
  if (!isParsed || script.code.length <= maxOnLoopChars)
    return inOwnModes(script, modes);
  const worker = new Worker(new URL("modes-worker.ts", import.meta.url), {
    workerData: [script, modes],
    resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
  });
  try {
    // `once` rejects with the worker's own error, too.
    const [sorted]: MappedScript[] = await once(worker, "message", { signal });
    if (sorted) return sorted;
    throw new Error("the thread gave no script");
  } catch (cause) {
    if (isOutOfMemory(cause))
      throw new AnnexError(
        "exhausted",
        "the source is too large to mix CommonJS with ES modules or a top-level await; make it smaller",
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
