/** setTimeout and its kin. The executor keeps the clock; here are only the callbacks, by number. */
import type { Call, Calls } from "./calls.ts";
import {
  RangeErrorIntrinsic,
  TypeErrorIntrinsic,
  apply,
  floor,
  isObject,
  toNumber,
} from "./intrinsics.ts";

const maxDelayMs = 2 ** 31 - 1;

type Callback = (...args: unknown[]) => unknown;

export interface Timers {
  setTimeout: (callback: Callback, ms?: unknown, ...args: unknown[]) => Timeout;
  setInterval: (
    callback: Callback,
    ms?: unknown,
    ...args: unknown[]
  ) => Timeout;
  setImmediate: (callback: Callback, ...args: unknown[]) => Timeout;
  clearTimeout: (timer: unknown) => void;
  /** Runs what is due. */
  fire: (call: Call, timer: number) => void;
}

/** What a guest holds of a timer: Node's methods, and a number where one is wanted. */
export class Timeout {
  readonly #number: number;
  readonly #disarm: () => void;

  constructor(number: number, disarm: () => void) {
    this.#number = number;
    this.#disarm = disarm;
  }

  /** Ends a timer, whichever call it is of; whatever is no timer is not touched. */
  static disarm(timer: object): void {
    if (#disarm in timer) timer.#disarm();
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  close(): this {
    this.#disarm();
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#number;
  }
}

export function createTimers(calls: Calls): Timers {
  let lastTimer = 0;

  const arm = (call: Call, timer: number, delayMs: number, due: () => void) => {
    if (call.answered) return;
    checkLimits(calls, call);
    call.timers[timer] = due;
    call.openTimers++;
    call.hostCalls++;
    calls.outbox.timer(call.id, timer, delayMs);
  };
  const disarm = (call: Call, timer: number) => {
    if (!call.timers[timer]) return;
    delete call.timers[timer];
    call.openTimers--;
    calls.outbox.clear(call.id, timer);
  };

  const start = (delayMs: number, due: () => void, repeats: boolean) => {
    const call = calls.current();
    const timer = ++lastTimer;
    const run = () => {
      // Armed again before it runs: a callback that throws does not end its interval, one that clears it does.
      if (repeats) arm(call, timer, delayMs, run);
      due();
    };
    arm(call, timer, delayMs, run);
    return new Timeout(timer, () => disarm(call, timer));
  };

  return {
    setTimeout: (callback, ms, ...args) => {
      checkCallback(callback);
      const due = () => void apply(callback, undefined, args);
      return start(delayOf(ms), due, false);
    },
    setInterval: (callback, ms, ...args) => {
      checkCallback(callback);
      const due = () => void apply(callback, undefined, args);
      return start(delayOf(ms), due, true);
    },
    setImmediate: (callback, ...args) => {
      checkCallback(callback);
      return start(0, () => void apply(callback, undefined, args), false);
    },
    clearTimeout: (timer) => {
      if (isObject(timer)) Timeout.disarm(timer);
      else if (timer) disarm(calls.current(), toNumber(timer));
    },
    fire: (call, timer) => {
      const due = call.timers[timer];
      if (!due) return;
      delete call.timers[timer];
      call.openTimers--;
      due();
    },
  };
}

function checkCallback(callback: unknown): void {
  if (typeof callback === "function") return;
  throw new TypeErrorIntrinsic("the callback of a timer must be a function");
}

function checkLimits({ limits }: Calls, call: Call): void {
  if (call.openTimers >= limits.maxOpenHostCalls)
    throw new RangeErrorIntrinsic(
      `more than ${limits.maxOpenHostCalls} timers open at once`,
    );
  if (call.hostCalls >= limits.maxHostCalls)
    throw new RangeErrorIntrinsic(
      `more than ${limits.maxHostCalls} timers in one invocation`,
    );
}

/** As Node: what is no number, too small or too large is 1 ms. */
function delayOf(ms: unknown): number {
  const delayMs = floor(toNumber(ms));
  return delayMs >= 1 && delayMs <= maxDelayMs ? delayMs : 1;
}
