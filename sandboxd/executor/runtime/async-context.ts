/**
 * What AsyncLocalStorage keeps, carried from where a callback was given to where it runs. V8 has no hook for that which an
 * isolate could reach, so `then` is wrapped, from the first store on: code without one pays nothing. A native `await`
 * passes by `then`; the build lowers async functions of bundles that use async_hooks.
 */
import {
  apply,
  defineProperty,
  dictionary,
  PromiseIntrinsic,
} from "./intrinsics.ts";

/** Undefined is what callbacks without any store run in. */
export type Frame = unknown;

export interface AsyncContext {
  readonly current: () => Frame;
  readonly set: (frame: Frame) => void;
  /** Runs work in a frame, and puts back the one before. */
  readonly within: <Result>(frame: Frame, work: () => Result) => Result;
}

type Callback = (value: unknown) => unknown;

export function createAsyncContext(): AsyncContext {
  let current: Frame;
  let isOn = false;
  const set = (frame: Frame) => {
    if (frame !== undefined && !isOn) {
      isOn = true;
      carryThroughPromises(context);
    }
    current = frame;
  };
  const context: AsyncContext = {
    current: () => current,
    set,
    within: (frame, work) => {
      const before = current;
      set(frame);
      try {
        return work();
      } finally {
        set(before);
      }
    },
  };
  return context;
}

/** `catch` and `finally` ask `then`. */
function carryThroughPromises(context: AsyncContext): void {
  const { prototype } = PromiseIntrinsic;
  const native: unknown = Reflect.get(prototype, "then");
  if (typeof native !== "function") return;
  const carried = (callback: unknown): unknown => {
    if (typeof callback !== "function") return callback;
    const frame = context.current();
    const run: Callback = (value) =>
      context.within(frame, () => apply(callback, undefined, [value]));
    return run;
  };
  const then = function (this: unknown, fulfilled: unknown, rejected: unknown) {
    return apply(native, this, [carried(fulfilled), carried(rejected)]);
  };
  hide(then, "name", "then");
  hide(prototype, "then", then);
}

function hide(owner: object, name: string, value: unknown): void {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.configurable = true;
  defineProperty(owner, name, descriptor);
}
