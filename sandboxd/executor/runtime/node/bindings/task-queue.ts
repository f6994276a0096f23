/** Microtasks. Ticks are the runtime's own, and a rejection that nobody handles is told outside. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    tickInfo: new Uint8Array(2),
    enqueueMicrotask: (work: () => void) => void enqueueMicrotask(work),
    // They run when what runs now is over: nothing of an isolate can run them before.
    runMicrotasks: () => undefined,
    setTickCallback: () => undefined,
    setPromiseRejectCallback: () => undefined,
  };
}

async function enqueueMicrotask(work: () => void): Promise<void> {
  // oxlint-disable-next-line typescript/await-thenable -- the wait is what is wanted
  await undefined;
  work();
}
