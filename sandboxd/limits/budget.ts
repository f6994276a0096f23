/**
 * The memory that executors may be promised. In a container whose groups are not ours the kernel may kill all of it for one
 * bomb; so the caps of all live executors and what sandboxd keeps for itself never exceed the container's limit together.
 */
import { AnnexError } from "../../proto/errors.ts";

/** Who asks for memory before starting an executor. */
export interface MemoryBudget {
  /**
   * The largest cap an executor can be given here. A wish above it is to be lowered to it, so that a small pod serves with one
   * executor at a time instead of none; who wants two there lowers --memory-mb.
   */
  readonly largestMb: number;
  /** What live executors have been promised. */
  readonly spentMb: number;
  /** Promises so much until the returned function is called; undefined where it does not fit beside the others. */
  take(memoryMb: number): (() => void) | undefined;
}

export interface BudgetOptions {
  /** Of this sandboxd and all its executors. */
  limitBytes: number;
  /** Of that, what sandboxd keeps for itself. */
  reserveBytes: number;
}

/** No executor can do its work in less. */
const smallestCapMb = 128;
const bytesPerMb = 1024 * 1024;

/** Throws `precondition` where not even one executor fits. */
export function createBudget({
  limitBytes,
  reserveBytes,
}: BudgetOptions): MemoryBudget {
  const largestMb = Math.floor((limitBytes - reserveBytes) / bytesPerMb);
  if (largestMb < smallestCapMb)
    throw new AnnexError(
      "precondition",
      `the memory limit of ${toMb(limitBytes)} MB less ${toMb(reserveBytes)} MB for sandboxd itself leaves no room for an ` +
        `executor of ${smallestCapMb} MB: give it at least ${toMb(reserveBytes) + smallestCapMb} MB, or lower --reserve-mb`,
    );
  let spentMb = 0;
  return {
    largestMb,
    get spentMb() {
      return spentMb;
    },
    take(memoryMb) {
      if (spentMb + memoryMb > largestMb) return undefined;
      spentMb += memoryMb;
      let isTaken = true;
      return () => {
        if (isTaken) spentMb -= memoryMb;
        isTaken = false;
      };
    },
  };
}

function toMb(bytes: number): number {
  return Math.floor(bytes / bytesPerMb);
}
