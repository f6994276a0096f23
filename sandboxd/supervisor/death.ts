/** The end of an executor that nobody had asked for: what it came of, and who may have caused it. */
import type { LoadFailure } from "../protocol.ts";
import {
  hungWhileLoading,
  lostBesideAnother,
  lostWhileLoading,
  type LostCause,
} from "./call.ts";
import type { HeldVersion } from "./held-versions.ts";
import type { Ending } from "./launcher.ts";

export interface Death {
  pid: number;
  cause: LostCause;
  /** For the log alone: it may hold what the process last wrote, which may be anything. */
  how: string;
  /** Of each version that may have caused it, the call or load sent last. */
  suspects: readonly Suspect[];
}

export interface Suspect {
  container: string;
  key: string;
  /** See nameOf. */
  name: string;
  sentMs: number;
}

/** How a process ended, in words that callers and authors may read: none of them its own. */
export function tellableHow({ cause, how }: Pick<Death, "cause" | "how">) {
  switch (cause) {
    case "memory":
      return "out of memory";
    case "protocol":
      return "it broke the protocol";
    case "overdue":
      return "it did not end in time, and was killed";
    case "closed":
    case "exited":
      return plainEnding.exec(how)?.[0] ?? "it ended";
  }
}

const plainEnding = /^(?:ended by SIG[A-Z0-9]+|exited with code \d+)/;

/** What V8 writes, or how a process ends, where an allocation cannot be made. */
const abortedForMemory =
  /heap out of memory|Allocation failed|invalid (array|size|table size)|\bSIGABRT\b|\bcode 134\b/i;

/** Why a process ended that we had not killed. */
export function causeOf({ how, isOutOfMemory }: Ending): LostCause {
  return isOutOfMemory || abortedForMemory.test(how) ? "memory" : "exited";
}

interface Open {
  held: HeldVersion;
  sentMs: number;
  dueMs: number;
}

/** Whatever was open may have done it; of a hung process what was past its time and can have run since it was last heard of. */
export function suspectsOf(
  open: readonly Open[],
  end: { cause: LostCause; nowMs: number; heardMs: number },
): Suspect[] {
  if (end.cause === "closed") return [];
  const suspects = new Map<string, Suspect>();
  const mayHaveRun = end.cause === "overdue" ? hungSince(open, end) : open;
  for (const { held, sentMs } of mayHaveRun) {
    const { container, key, name } = held;
    const known = suspects.get(name);
    if (known && known.sentMs >= sentMs) continue;
    suspects.set(name, { container, key, name, sentMs });
  }
  return [...suspects.values()];
}

/**
 * A call says when it first waits, and when it ends. So what was sent after the process was last heard of has not run, but
 * for the first of it.
 */
function hungSince(
  open: readonly Open[],
  { nowMs, heardMs }: { nowMs: number; heardMs: number },
): Open[] {
  const later = open.filter(({ sentMs }) => sentMs > heardMs);
  const firstMs = Math.min(...later.map(({ sentMs }) => sentMs));
  return open.filter(
    ({ sentMs, dueMs }) =>
      dueMs < nowMs && (sentMs <= heardMs || sentMs === firstMs),
  );
}

/** What became of a load whose process ended. */
export function failureOfLoad(
  load: { dueMs: number; sliceMs: number },
  end: { cause: LostCause; nowMs: number; isToBlame: boolean },
): LoadFailure {
  if (load.dueMs < end.nowMs) return hungWhileLoading(load.sliceMs);
  if (!end.isToBlame) return lostBesideAnother;
  return end.cause === "memory" ? memoryWhileLoading : lostWhileLoading;
}

const memoryWhileLoading: LoadFailure = {
  reason: "memory",
  message: "the executor ran out of memory while the version was being loaded",
};
