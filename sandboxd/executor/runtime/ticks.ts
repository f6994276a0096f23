/**
 * Work for when what runs now is over: `process.nextTick`. Where an entry runs, it comes before microtasks; where a
 * microtask runs, after those that wait, and after what these few put off (there is no asking whether any are left).
 */
import type { AsyncContext } from "./async-context.ts";
import { append, enqueue } from "./intrinsics.ts";

export interface Ticks {
  soon: (work: () => void) => void;
  /** Lets an entry run its work, then what it left. `failed` is told what either throws. */
  run: (work: () => void, failed: (thrown: unknown) => void) => void;
}

/** A chain of promises of this length goes before a tick, as in Node all do. */
const hops = 8;

export function createTicks(context: AsyncContext): Ticks {
  let queue: (() => void)[] = [];
  let isEntered = false;
  let isWaiting = false;
  let fail: ((thrown: unknown) => void) | undefined;

  const attempt = (work: () => void) => {
    try {
      work();
    } catch (thrown) {
      fail?.(thrown);
    }
    context.set(undefined);
  };
  const drain = () => {
    // What is added meanwhile comes after what was there; what is done is kept by nothing.
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      for (let at = 0; at < batch.length; at++) {
        const work = batch[at];
        if (work) attempt(work);
      }
    }
  };
  const wait = (left: number) => {
    void enqueue(() => {
      if (left > 1) {
        wait(left - 1);
        return;
      }
      isWaiting = false;
      drain();
    });
  };
  return {
    soon: (work) => {
      const frame = context.current();
      append(
        queue,
        frame === undefined ? work : () => context.within(frame, work),
      );
      if (isEntered || isWaiting) return;
      isWaiting = true;
      wait(hops);
    },
    run: (work, failed) => {
      fail = failed;
      isEntered = true;
      attempt(work);
      drain();
      isEntered = false;
    },
  };
}
