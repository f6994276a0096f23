/** Node's timers on top of those of the runtime, each of which belongs to a call. */
import { maxDelayMs } from "../../../timer-delays.ts";
import type { Timeout } from "../../../timer-objects.ts";
import type { Timers } from "../../../timers.ts";
import type { Exports, RealmParts } from "../../realm.ts";

type Validate = (value: unknown, name: string) => void;

export function createModule({
  process,
  require,
  runtime,
}: RealmParts): Exports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bootstrap.ts puts it there
  const timers = runtime.timers as Timers;
  const { validateFunction, validateNumber } = validators(require);

  const newTimeout = timers.newTimeout;
  const arm = (timeout: Timeout) => timers.Timeout.arm(timeout);
  const unrefTimeout = (
    callback: unknown,
    after: unknown,
    args?: unknown[],
  ) => {
    const timeout = newTimeout(callback, after, args, false, false);
    arm(timeout);
    return timeout;
  };
  return {
    TIMEOUT_MAX: maxDelayMs,
    kTimeout: Symbol("timeout"),
    async_id_symbol: Symbol("asyncId"),
    trigger_async_id_symbol: Symbol("triggerId"),
    Timeout: constructorOf(timers.Timeout, newTimeout),
    Immediate: constructorOf(timers.Immediate, timers.newImmediate),
    insert: arm,
    active: arm,
    unrefActive: arm,
    setUnrefTimeout: (callback: unknown, after: unknown) => {
      validateFunction(callback, "callback");
      return unrefTimeout(callback, after);
    },
    reuseOrCreateUnrefTimeout: (
      old: Timeout | null | undefined,
      callback: unknown,
      after: unknown,
      argument: unknown,
    ) => {
      if (old) timers.clearTimeout(old);
      return unrefTimeout(callback, after, [argument]);
    },
    getTimerDuration: (delayMs: unknown, name: string) => {
      validateNumber(delayMs, name);
      const ms = Number(delayMs);
      if (ms < 0 || !Number.isFinite(ms)) throw outOfRange(require, name, ms);
      if (ms <= maxDelayMs) return ms;
      const words = `${ms} does not fit into a 32-bit signed integer.`;
      const tail = `\nTimer duration was truncated to ${maxDelayMs}.`;
      Reflect.apply(Object(process["emitWarning"]), process, [
        words + tail,
        "TimeoutOverflowWarning",
      ]);
      return maxDelayMs;
    },
  };
}

/** A class as Node's library makes instances of it. */
function constructorOf(
  made: { prototype: object; name: string },
  make: (...parts: never[]) => object,
): unknown {
  const constructor = function (...parts: never[]) {
    return make(...parts);
  };
  constructor.prototype = made.prototype;
  return constructor;
}

function validators(require: RealmParts["require"]) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  return require("internal/validators") as Record<
    "validateFunction" | "validateNumber",
    Validate
  >;
}

function outOfRange(
  require: RealmParts["require"],
  name: string,
  value: number,
): unknown {
  const codes = Object(require("internal/errors")["codes"]);
  return Reflect.construct(Object(codes.ERR_OUT_OF_RANGE), [
    name,
    "a non-negative finite number",
    value,
  ]);
}
