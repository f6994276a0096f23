/**
 * Work for when the ticks and microtasks of now have run: so comes what the system has to say, on Node in a later phase of
 * the loop. Here it costs no turn of one.
 */
import type { RuntimeParts } from "./realm.ts";

export function createLater({
  asyncContext,
  soon,
}: RuntimeParts): (work: () => void) => void {
  return (work) => {
    const frame = asyncContext.current();
    // A tick that a microtask asks for comes after all microtasks.
    void afterMicrotask(() => asyncContext.within(frame, () => soon(work)));
  };
}

async function afterMicrotask(work: () => void): Promise<void> {
  // oxlint-disable-next-line typescript/await-thenable -- the wait is what is wanted
  await undefined;
  work();
}
