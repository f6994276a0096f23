/**
 * setTimeout and its kin, as Node has them. The executor keeps the clock; here are the callbacks, by number, each of the
 * call that set it.
 */
import type { AsyncContext } from "./async-context.ts";
import type { Call, Calls } from "./calls.ts";
import {
  RangeErrorIntrinsic,
  append,
  defineProperty,
  dictionary,
  isObject,
  objectKeys,
  readProperty,
  toNumber,
  valueProperty,
} from "./intrinsics.ts";
import { delays, type WarnOfDelay } from "./timer-delays.ts";
import { Immediate, Timeout, type Clockwork } from "./timer-objects.ts";

/** The code on an error that names a limit of a call. */
export const limitCode = "ERR_ANNEX_LIMIT";

type Callback = (...args: unknown[]) => unknown;

export interface Timers {
  setTimeout: (callback: Callback, ms?: unknown, ...args: unknown[]) => Timeout;
  setInterval: (
    callback: Callback,
    ms?: unknown,
    ...args: unknown[]
  ) => Timeout;
  setImmediate: (callback: Callback, ...args: unknown[]) => Immediate;
  clearTimeout: (timer: unknown) => void;
  clearInterval: (timer: unknown) => void;
  clearImmediate: (immediate: unknown) => void;
  /** As Node's library makes them. */
  newTimeout: (
    callback: unknown,
    after: unknown,
    args: unknown[] | undefined,
    isRepeat: boolean,
    isRefed: boolean,
  ) => Timeout;
  newImmediate: (callback: unknown, args: unknown[] | undefined) => Immediate;
  readonly Timeout: typeof Timeout;
  readonly Immediate: typeof Immediate;
  /** The names of those of the running call that Node would wait for. */
  active: () => string[];
  /** Runs what is due. */
  fire: (call: Call, timer: number) => void;
}

export interface TimerParts {
  calls: Calls;
  context: AsyncContext;
  /** Throws Node's error for what is no function. */
  refuse: (callback: unknown) => never;
  /** Tells the author of a delay that cannot be. */
  warn: WarnOfDelay;
  /** The forms that give promises, which `util.promisify` finds. */
  promises: () => object;
}

const promisifySymbol = Symbol.for("nodejs.util.promisify.custom");

export function createTimers({
  calls,
  context,
  refuse,
  warn,
  promises,
}: TimerParts): Timers {
  let lastTimer = 0;

  const works: Clockwork = {
    context,
    current: () => calls.current(),
    arm: (call, timer, delayMs, due) => {
      if (call.answered) return;
      checkLimits(calls, call);
      call.timers[timer] = due;
      call.openTimers++;
      call.hostCalls++;
      calls.outbox.timer(call.id, timer, delayMs);
    },
    disarm: (call, timer) => {
      if (!call.timers[timer]) return;
      delete call.timers[timer];
      call.openTimers--;
      calls.outbox.clear(call.id, timer);
    },
  };

  const delayOf = delays(warn);
  const newTimeout: Timers["newTimeout"] = (
    callback,
    after,
    args,
    isRepeat,
    isRefed,
  ) => {
    const delayMs = delayOf(after);
    const options = { callback, delayMs, args, isRepeat, isRefed };
    return new Timeout(works, ++lastTimer, options);
  };
  const start = (
    callback: unknown,
    ms: unknown,
    args: unknown[],
    repeats: boolean,
  ) => {
    if (typeof callback !== "function") refuse(callback);
    const kept = args.length > 0 ? args : undefined;
    const timeout = newTimeout(callback, ms, kept, repeats, true);
    Timeout.arm(timeout);
    return timeout;
  };
  const newImmediate: Timers["newImmediate"] = (callback, args) =>
    new Immediate(works, ++lastTimer, callback, args);

  // Node's functions have these names, and no prototype's worth of difference to ours.
  function setTimeout(callback: unknown, after?: unknown, ...args: unknown[]) {
    return start(callback, after, args, false);
  }
  function setInterval(
    callback: unknown,
    repeat?: unknown,
    ...args: unknown[]
  ) {
    return start(callback, repeat, args, true);
  }
  function setImmediate(callback: unknown, ...args: unknown[]) {
    if (typeof callback !== "function") refuse(callback);
    return newImmediate(callback, args.length > 0 ? args : undefined);
  }
  function clearTimeout(timer: unknown) {
    if (isObject(timer)) Timeout.disarm(timer);
    else if (typeof timer === "number" || typeof timer === "string")
      works.disarm(calls.current(), toNumber(timer));
  }
  function clearInterval(timer: unknown) {
    clearTimeout(timer);
  }

  const functions = {
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout,
    clearInterval,
    clearImmediate,
  };
  rename(functions);
  promisified(setTimeout, () => readProperty(promises(), "setTimeout"));
  promisified(setImmediate, () => readProperty(promises(), "setImmediate"));

  return {
    Timeout,
    Immediate,
    ...functions,
    newTimeout,
    newImmediate,
    active: () => {
      const names: string[] = [];
      const { timers } = calls.current();
      for (const number in timers) {
        const due = timers[number];
        if (due?.isRefed()) append(names, due.kind);
      }
      return names;
    },
    fire: (call, timer) => {
      const due = call.timers[timer];
      if (!due) return;
      delete call.timers[timer];
      call.openTimers--;
      due.run();
    },
  };
}

function clearImmediate(immediate: unknown): void {
  if (isObject(immediate)) Immediate.disarm(immediate);
}

/** A bundler gives them others, for there are globals of these names. */
function rename(functions: Record<string, object>): void {
  const names = objectKeys(functions);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    const named = name === undefined ? undefined : functions[name];
    const descriptor: PropertyDescriptor = dictionary();
    descriptor.value = name;
    descriptor.configurable = true;
    if (named) defineProperty(named, "name", descriptor);
  }
}

function promisified(of: object, get: () => unknown): void {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.get = get;
  descriptor.enumerable = true;
  defineProperty(of, promisifySymbol, descriptor);
}

function checkLimits({ limits }: Calls, call: Call): void {
  if (call.openTimers >= limits.maxOpenHostCalls)
    throw limitError(
      `more than ${limits.maxOpenHostCalls} timers open at once`,
    );
  if (call.hostCalls >= limits.maxHostCalls)
    throw limitError(
      `more than ${limits.maxHostCalls} timers in one invocation`,
    );
}

function limitError(message: string): Error {
  const error = new RangeErrorIntrinsic(message);
  defineProperty(error, "code", valueProperty(limitCode));
  return error;
}
