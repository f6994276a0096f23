/** What a guest holds of its timers: Node's objects, which arm and disarm the clockwork of timers.ts. */
import type { AsyncContext, Frame } from "./async-context.ts";
import type { Call, Due } from "./calls.ts";
import { apply, now } from "./intrinsics.ts";

/** The running of one timer, which its object only points at. */
export interface Clockwork {
  arm: (call: Call, timer: number, delayMs: number, due: Due) => void;
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
    arm(call, this.#number, this.#delayMs, {
      kind: "Timeout",
      isRefed: () => this.#isRefed,
      run: () => this.#fire(),
    });
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
    works.arm(call, number, 0, {
      kind: "Immediate",
      isRefed: () => this.#isRefed,
      run: () => {
        this._destroyed = true;
        const run = this._onImmediate;
        if (typeof run !== "function") return;
        works.context.within(frame, () => apply(run, this, args ?? []));
      },
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
