/**
 * setTimeout and its kin, as Node has them. The executor keeps the clock; here are the callbacks, by number, each of the
 * call that set it.
 */
import type { AsyncContext, Frame } from "./async-context.ts";
import type { Call, Calls } from "./calls.ts";
import {
  RangeErrorIntrinsic,
  apply,
  defineProperty,
  dictionary,
  floor,
  isObject,
  now,
  objectKeys,
  readProperty,
  toNumber,
  valueProperty,
} from "./intrinsics.ts";

export const maxDelayMs = 2 ** 31 - 1;

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
  /** Runs what is due. */
  fire: (call: Call, timer: number) => void;
}

export interface TimerParts {
  calls: Calls;
  context: AsyncContext;
  /** Throws Node's error for what is no function. */
  refuse: (callback: unknown) => never;
  /** Tells the author of a delay that cannot be. */
  warn: (message: string, name: string) => void;
  /** The forms that give promises, which `util.promisify` finds. */
  promises: () => object;
}

const promisifySymbol = Symbol.for("nodejs.util.promisify.custom");

/** The running of one timer, which its object only points at. */
interface Clockwork {
  arm: (call: Call, timer: number, delayMs: number, due: () => void) => void;
  disarm: (call: Call, timer: number) => void;
  current: () => Call;
  context: AsyncContext;
}

/* oxlint-disable eslint/no-underscore-dangle -- Node's names */

/** What a guest holds of a timer. The properties are those by which Node's can be told. */
export class Timeout {
  _idleTimeout: number;
  _idlePrev = null;
  _idleNext = null;
  _idleStart = 0;
  _onTimeout: unknown;
  _timerArgs: unknown[] | undefined;
  _repeat: number | null;
  _destroyed = false;
  readonly #works: Clockwork;
  readonly #number: number;
  readonly #delayMs: number;
  readonly #repeats: boolean;
  readonly #frame: Frame;
  #isRefed: boolean;
  #call: Call | undefined;

  constructor(
    works: Clockwork,
    number: number,
    options: {
      callback: unknown;
      delayMs: number;
      args: unknown[] | undefined;
      isRepeat: boolean;
      isRefed: boolean;
    },
  ) {
    const { callback, delayMs, args, isRepeat, isRefed } = options;
    this._idleTimeout = delayMs;
    this._onTimeout = callback;
    this._timerArgs = args;
    this._repeat = isRepeat ? delayMs : null;
    this.#works = works;
    this.#number = number;
    this.#delayMs = delayMs;
    this.#repeats = isRepeat;
    this.#isRefed = isRefed;
    this.#frame = works.context.current();
  }

  /** Ends a timer, whichever call it is of; whatever is no timer is not touched. */
  static disarm(timer: object): void {
    if (#works in timer) timer.#disarm();
  }

  /** Starts a timer, or starts it anew. */
  static arm(timer: Timeout): void {
    timer.#arm();
  }

  static isArmed(timer: Timeout): boolean {
    return timer.#call !== undefined;
  }

  ref(): this {
    this.#isRefed = true;
    return this;
  }

  unref(): this {
    this.#isRefed = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isRefed;
  }

  refresh(): this {
    if (this._onTimeout) this.#arm();
    return this;
  }

  close(): this {
    this.#disarm();
    return this;
  }

  [Symbol.toPrimitive](): number {
    return this.#number;
  }

  [Symbol.dispose](): void {
    this.#disarm();
  }

  #arm(): void {
    const { arm, disarm, current } = this.#works;
    if (this.#call) disarm(this.#call, this.#number);
    const call = current();
    this._idleStart = now();
    this._destroyed = false;
    arm(call, this.#number, this.#delayMs, () => this.#fire());
    this.#call = call;
  }

  #disarm(): void {
    const call = this.#call;
    this.#call = undefined;
    this._destroyed = true;
    this._onTimeout = null;
    if (call) this.#works.disarm(call, this.#number);
  }

  #fire(): void {
    this.#call = undefined;
    // Armed again before it runs: a callback that throws does not end its interval, one that clears it does.
    if (this.#repeats) this.#arm();
    else this._destroyed = true;
    const callback = this._onTimeout;
    if (typeof callback !== "function") return;
    const args = this._timerArgs ?? [];
    this.#works.context.within(this.#frame, () => apply(callback, this, args));
  }
}

/** What a guest holds of a setImmediate. */
export class Immediate {
  _idleNext = null;
  _idlePrev = null;
  _onImmediate: unknown;
  _argv: unknown[] | undefined;
  _destroyed = false;
  readonly #disarm: () => void;
  #isRefed = true;

  constructor(
    works: Clockwork,
    number: number,
    callback: unknown,
    args: unknown[] | undefined,
  ) {
    this._onImmediate = callback;
    this._argv = args;
    const call = works.current();
    const frame = works.context.current();
    this.#disarm = () => works.disarm(call, number);
    works.arm(call, number, 0, () => {
      this._destroyed = true;
      const run = this._onImmediate;
      if (typeof run !== "function") return;
      works.context.within(frame, () => apply(run, this, args ?? []));
    });
  }

  static disarm(immediate: object): void {
    if (#disarm in immediate) immediate[Symbol.dispose]();
  }

  ref(): this {
    this.#isRefed = true;
    return this;
  }

  unref(): this {
    this.#isRefed = false;
    return this;
  }

  hasRef(): boolean {
    return this.#isRefed && !this._destroyed;
  }

  [Symbol.dispose](): void {
    this._destroyed = true;
    this._onImmediate = undefined;
    this.#disarm();
  }
}

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
  function clearImmediate(immediate: unknown) {
    if (isObject(immediate)) Immediate.disarm(immediate);
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
    fire: (call, timer) => {
      const due = call.timers[timer];
      if (!due) return;
      delete call.timers[timer];
      call.openTimers--;
      due();
    },
  };
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

/** As Node: what is no number, too small or too large is 1 ms; it says so of a negative one and of no number once. */
function delays(warn: TimerParts["warn"]): (ms: unknown) => number {
  let hasWarnedNegative = false;
  let hasWarnedNoNumber = false;
  const tail = "\nTimeout duration was set to 1.";
  return (ms) => {
    if (ms === undefined) return 1;
    const after = toNumber(ms);
    if (after >= 1 && after <= maxDelayMs) return floor(after);
    if (after > maxDelayMs)
      warn(
        `${after} does not fit into a 32-bit signed integer.${tail}`,
        "TimeoutOverflowWarning",
      );
    else if (after < 0 && !hasWarnedNegative) {
      hasWarnedNegative = true;
      warn(`${after} is a negative number.${tail}`, "TimeoutNegativeWarning");
    } else if (after !== after && !hasWarnedNoNumber) {
      hasWarnedNoNumber = true;
      warn(`${after} is not a number.${tail}`, "TimeoutNaNWarning");
    }
    return 1;
  };
}
