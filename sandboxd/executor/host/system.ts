/** What a guest may know of where it runs: nothing of this host in particular. */
import type { HostOperations } from "./operations.ts";

/** Coarse, so that it times nobody else. */
const clockGrainMs = 0.1;

/** The isolate's memory in bytes. */
export interface HeapFigures {
  limit: number;
  total: number;
  used: number;
  external: number;
}

/** What the operations ask of the isolate they are for. */
export interface IsolateParts {
  heap: () => HeapFigures;
  /** A stack at the places of its source; undefined where it cannot be told. */
  stackAsRead: (stack: string) => string | undefined;
}

export function systemOperations({
  heap,
  stackAsRead,
}: IsolateParts): HostOperations {
  const startedMs = performance.now();
  return {
    /** Milliseconds since the isolate was made. */
    clock: () =>
      Math.floor((performance.now() - startedMs) / clockGrainMs) * clockGrainMs,
    heap: () => heap(),
    stack: (stack) =>
      typeof stack === "string" ? stackAsRead(stack) : undefined,
    /** Bytes of randomness. */
    random: (count) => {
      if (!Number.isSafeInteger(count)) throw new RangeError("no such count");
      const bytes = new Uint8Array(Math.min(Number(count), maxRandomBytes));
      return crypto.getRandomValues(bytes);
    },
  };
}

/** Of the platform's own call. */
const maxRandomBytes = 65_536;
