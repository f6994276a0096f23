/** Microtasks. Ticks are the runtime's own; rejections that nobody handles are told where somebody listens. */
import type { Exports, RealmParts } from "../realm.ts";

type RejectCallback = (type: number, promise: object, reason: unknown) => void;

export function createBinding(_parts: RealmParts): Exports {
  let rejected: RejectCallback | undefined;
  return {
    tickInfo: new Uint8Array(2),
    enqueueMicrotask: (work: () => void) => void enqueueMicrotask(work),
    // They run when what runs now is over: nothing of an isolate can run them before.
    runMicrotasks: () => undefined,
    setTickCallback: () => undefined,
    setPromiseRejectCallback: (callback: RejectCallback) => {
      rejected = callback;
    },
    /** Ours: what V8 tells the callback in Node. */
    tellRejection: (type: number, promise: object, reason: unknown) =>
      rejected?.(type, promise, reason),
  };
}

async function enqueueMicrotask(work: () => void): Promise<void> {
  // oxlint-disable-next-line typescript/await-thenable -- the wait is what is wanted
  await undefined;
  work();
}
