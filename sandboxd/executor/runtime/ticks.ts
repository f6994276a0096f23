/**
 * Work for when what runs now is over: `process.nextTick`. Where an entry runs, it comes before microtasks, and so within
 * the entry. Where a microtask runs, it comes after them all; nothing in an isolate can tell when that is, but the entry ends
 * then: so the executor asks at each end whether ticks are left, and enters again for them.
 */
import type { AsyncContext } from "./async-context.ts";
import type { Call, Calls } from "./calls.ts";
import { append } from "./intrinsics.ts";

export interface Ticks {
  soon: (work: () => void) => void;
  /** Lets an entry run its work, then what that put off. `failed` is told what the work throws. */
  run: (work: () => void, failed: (thrown: unknown) => void) => void;
  /** Runs those there are, within what runs now. */
  runNow: () => void;
  /** Whether some are left now that all microtasks have run. */
  areLeft: () => boolean;
  /** Runs those that are left. */
  runLeft: () => void;
}

export interface TickParts {
  context: AsyncContext;
  calls: Calls;
  /** Told what a tick throws. */
  failed: (call: Call, thrown: unknown) => void;
  /** What comes when neither ticks nor microtasks are left. */
  rejections: { areWaiting: () => boolean; tell: () => void };
}

/** What `drain` gives in the place of items while ticks are left. */
export const ticksLeft = "ticks";

interface Tick {
  readonly work: () => void;
  readonly call: Call;
}

export function createTicks({
  context,
  calls,
  failed: failedTick,
  rejections,
}: TickParts): Ticks {
  let queue: Tick[] = [];

  const attempt = (work: () => void, failed: (thrown: unknown) => void) => {
    try {
      work();
    } catch (thrown) {
      failed(thrown);
    }
    context.set(undefined);
  };
  const drain = () => {
    // What is added meanwhile comes after what was there; what is done is kept by nothing.
    while (queue.length > 0) {
      const batch = queue;
      queue = [];
      for (let at = 0; at < batch.length; at++) {
        const tick = batch[at];
        if (!tick) continue;
        const { work, call } = tick;
        // One may be left by a call that was given up meanwhile.
        calls.turnTo(call);
        attempt(work, (thrown) => failedTick(call, thrown));
      }
    }
  };
  return {
    soon: (work) => {
      const frame = context.current();
      append(queue, {
        work: frame === undefined ? work : () => context.within(frame, work),
        call: calls.current(),
      });
    },
    run: (work, failed) => {
      const call = calls.current();
      drain();
      calls.turnTo(call);
      attempt(work, failed);
      drain();
      calls.turnTo(call);
    },
    runNow: () => {
      const call = calls.current();
      const frame = context.current();
      drain();
      calls.turnTo(call);
      context.set(frame);
    },
    areLeft: () => queue.length > 0 || rejections.areWaiting(),
    runLeft: () => {
      const call = calls.current();
      if (queue.length > 0) drain();
      else attempt(rejections.tell, (thrown) => failedTick(call, thrown));
      calls.turnTo(call);
    },
  };
}
