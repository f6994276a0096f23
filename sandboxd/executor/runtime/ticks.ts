/** Work for when what runs now is over, before microtasks where an entry runs, after those that wait where they run. */
import { append, enqueue } from "./intrinsics.ts";

export interface Ticks {
  soon: (work: () => void) => void;
  /** Lets an entry run its work, then what it left. `failed` is told what either throws. */
  run: (work: () => void, failed: (thrown: unknown) => void) => void;
}

export function createTicks(): Ticks {
  let queue: (() => void)[] = [];
  let isEntered = false;
  let isWaiting = false;
  let fail: (thrown: unknown) => void = () => undefined;

  const attempt = (work: () => void) => {
    try {
      work();
    } catch (thrown) {
      fail(thrown);
    }
  };
  const drain = () => {
    // What is added meanwhile comes after what was there.
    for (let at = 0; at < queue.length; at++) {
      const work = queue[at];
      if (work) attempt(work);
    }
    queue = [];
  };
  return {
    soon: (work) => {
      append(queue, work);
      if (isEntered || isWaiting) return;
      isWaiting = true;
      void enqueue(() => {
        isWaiting = false;
        drain();
      });
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
