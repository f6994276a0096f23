/** What an operation of the executor's own Node is, and how it refuses. */

/** Copied into the isolate. */
export type HostResult = unknown;

/** One operation; throws HostRefusal, or what Node throws. */
export type HostOperation = (...parameters: unknown[]) => HostResult;

export type HostOperations = Record<string, HostOperation>;

/** A number, or NaN: to make a list or an object into one can cost as much as its sender likes. */
export function numberIn(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}

/** Why an operation was not done, in words for the author. */
export class HostRefusal extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
