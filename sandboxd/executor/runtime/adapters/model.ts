/** What a programming model is to the bootstrap. */
import type { Answer } from "../answer.ts";
import type { CallRequest } from "../context.ts";

/** A way to call a guest's function and to take its answer. */
export interface Model {
  /** As the executor reports it. */
  readonly name: string;
  /** How the payload crosses the wall: not at all, parsed where its content type is known, or as bytes. */
  readonly payload: "none" | "parsed" | "bytes";
  /** Calls the function once. What it throws is caught by the caller. */
  invoke(run: GuestFunction, request: CallRequest, answer: Answer): void;
}

export type GuestFunction = (...parameters: unknown[]) => unknown;

/** Fails the call when the promise a function returned rejects; a value that is no promise is not asked. */
export function watchRejection(returned: unknown, answer: Answer): void {
  void awaitValue(returned, () => {}, answer);
}

/** Awaits what a function returned. `await` of a native promise asks nothing the guest could have patched. */
export async function awaitValue(
  returned: unknown,
  fulfilled: (value: unknown) => void,
  answer: Answer,
): Promise<void> {
  let value: unknown;
  try {
    value = await returned;
  } catch (thrown) {
    answer.thrown("rejected", thrown);
    return;
  }
  fulfilled(value);
}
