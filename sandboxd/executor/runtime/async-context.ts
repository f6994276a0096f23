/**
 * What AsyncLocalStorage keeps, carried from where a callback was given to where it runs. V8 has no hook for that which an
 * isolate could reach, so `then` is wrapped, from the first store on: code without one pays nothing. A native `await`
 * passes by `then`; the build lowers async functions of bundles that use async_hooks.
 */
import {
  apply,
  defineProperty,
  dictionary,
  isObject,
  promiseThen,
  PromiseIntrinsic,
  readProperty,
} from "./intrinsics.ts";

/** Undefined is what callbacks without any store run in. */
export type Frame = unknown;

export interface AsyncContext {
  readonly current: () => Frame;
  readonly set: (frame: Frame) => void;
  /** Runs work in a frame, and puts back the one before. */
  readonly within: <Result>(frame: Frame, work: () => Result) => Result;
  /** `then` for Node's library, which took its own before any store. */
  readonly chain: typeof promiseThen;
}

type Callback = (value: unknown) => unknown;

export function createAsyncContext(): AsyncContext {
  let current: Frame;
  let isOn = false;
  const set = (frame: Frame) => {
    if (frame !== undefined && !isOn) {
      isOn = true;
      carryThroughPromises(carried);
    }
    current = frame;
  };
  const within: AsyncContext["within"] = (frame, work) => {
    const before = current;
    set(frame);
    try {
      return work();
    } finally {
      set(before);
    }
  };
  const carried: Carry = (value, run) => {
    const frame = current;
    return (...parameters) =>
      within(frame, () => apply(run, value, parameters));
  };
  return {
    current: () => current,
    set,
    within,
    chain: (promise, fulfilled, rejected) =>
      isOn
        ? promiseThen(
            promise,
            callbackOf(carried, fulfilled),
            callbackOf(carried, rejected),
          )
        : promiseThen(promise, fulfilled, rejected),
  };
}

/** A function that runs another, with this receiver, in the frame of now. */
type Carry = (
  receiver: unknown,
  run: (...parameters: unknown[]) => unknown,
) => (...parameters: unknown[]) => unknown;

/** `catch` and `finally` ask `then`. */
function carryThroughPromises(carried: Carry): void {
  const { prototype } = PromiseIntrinsic;
  const native: unknown = readProperty(prototype, "then");
  const resolve: unknown = readProperty(PromiseIntrinsic, "resolve");
  if (typeof native !== "function" || typeof resolve !== "function") return;
  hide(
    prototype,
    "then",
    function (this: unknown, fulfilled: unknown, rejected: unknown) {
      return apply(native, this, [
        callbackOf(carried, fulfilled),
        callbackOf(carried, rejected),
      ]);
    },
  );
  hide(PromiseIntrinsic, "resolve", function (this: unknown, value: unknown) {
    return apply(resolve, this, [thenableOf(carried, value)]);
  });
}

function callbackOf<Given>(carried: Carry, callback: Given): Given | Callback {
  if (typeof callback !== "function") return callback;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- any function may be called
  const run = callback as unknown as Callback;
  return carried(undefined, (value) =>
    thenableOf(carried, apply(run, undefined, [value])),
  );
}

/** V8 calls the `then` of what is no promise in a microtask of its own. */
function thenableOf(carried: Carry, value: unknown): unknown {
  if (!isObject(value) || value instanceof PromiseIntrinsic) return value;
  const then = readProperty(value, "then");
  if (typeof then !== "function") return value;
  const thenable = dictionary<unknown>();
  // oxlint-disable-next-line unicorn/no-thenable, typescript/no-unsafe-type-assertion -- it stands for one; any function may be called
  thenable["then"] = carried(value, then as Callback);
  return thenable;
}

function hide(owner: object, name: string, method: object): void {
  const named: PropertyDescriptor = dictionary();
  named.value = name;
  named.configurable = true;
  defineProperty(method, "name", named);
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.value = method;
  descriptor.writable = true;
  descriptor.configurable = true;
  defineProperty(owner, name, descriptor);
}
