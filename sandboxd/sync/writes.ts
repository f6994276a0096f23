/** Changes of the catalog, a few at a time, with one answer: whether the disk has them. */
import { bulkhead } from "cockatiel";
import { AnnexError } from "../../proto/errors.ts";

const writesAtOnce = 16;

/** Bounds how many files are open at once, however many changes arrive. */
export class Writes {
  readonly #bulkhead = bulkhead(writesAtOnce, Infinity);

  /** Whether all reached the disk; what did not holds in memory, and the catalog's status says so. */
  async all(writes: readonly (() => Promise<void>)[]): Promise<boolean> {
    const results = await Promise.allSettled(
      writes.map((write) => this.#bulkhead.execute(write)),
    );
    for (const result of results) {
      if (result.status === "rejected" && !isOfDisk(result.reason))
        throw result.reason;
    }
    return results.every(({ status }) => status === "fulfilled");
  }
}

function isOfDisk(error: unknown): boolean {
  return error instanceof AnnexError && error.code === "unavailable";
}
