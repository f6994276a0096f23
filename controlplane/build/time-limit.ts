/** The limit `build_time`, and a caller who gives up. */
import { AnnexError } from "../../proto/errors.ts";

/** How long work may take, and until when it is wanted. */
export interface TimeLimit {
  timeoutMs: number;
  signal: AbortSignal | undefined;
}

/** Does work that ends when its signal aborts; whatever it then throws is told by why it had to end. */
export async function withinTime<Result>(
  { timeoutMs, signal }: TimeLimit,
  work: (ended: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    return await work(AbortSignal.any(signal ? [timeout, signal] : [timeout]));
  } catch (cause) {
    if (signal?.aborted)
      throw new AnnexError("cancelled", "the build was given up", { cause });
    if (!timeout.aborted) throw cause;
    throw new AnnexError(
      "invalid",
      `the source took longer to build than the limit build_time of ${timeoutMs} ms; make it smaller`,
      { cause },
    );
  }
}
