/** What a guest finds on `globalThis` beside the language. Heavy ones are getters that take up their polyfill when read. */
import type { AsyncContext } from "./async-context.ts";
import type { Calls } from "./calls.ts";
import { type GuestConsole } from "./console.ts";
import type { Fetch } from "./fetch/fetch.ts";
import {
  apply,
  construct,
  defineProperty,
  deleteProperty,
  dictionary,
  enqueue,
  TypeErrorIntrinsic,
  valueProperty,
} from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";
import type { Timers } from "./timers.ts";
import { defineLoaded, installWebGlobals } from "./web-globals.ts";

export interface GlobalParts {
  calls: Calls;
  timers: Timers;
  console: GuestConsole;
  realm: Realm;
  fetch: Fetch;
  context: AsyncContext;
}

/** Puts the globals in place; before any guest code. */
export function installGlobals({
  calls,
  timers,
  console,
  realm,
  fetch,
  context,
}: GlobalParts): void {
  removeSharedMemory();
  fixArrayBuffer();
  defineHidden(globalThis, "console", console);
  define("global", globalThis);
  define("setTimeout", timers.setTimeout);
  define("setInterval", timers.setInterval);
  define("setImmediate", timers.setImmediate);
  define("clearTimeout", timers.clearTimeout);
  define("clearInterval", timers.clearInterval);
  define("clearImmediate", timers.clearImmediate);
  define("queueMicrotask", queueMicrotaskOf(calls, context));
  define("fetch", fetch);
  defineLoaded("Buffer", false, () => realm.internal("buffer")["Buffer"]);
  defineLoaded("process", false, () => realm.internal("process"));
  installWebGlobals(realm);
}

/** Without them a guest has no timer of its own making and no memory its limit does not see. */
function removeSharedMemory(): void {
  deleteProperty(globalThis, "WebAssembly");
  deleteProperty(globalThis, "SharedArrayBuffer");
  deleteProperty(globalThis, "Atomics");
}

/** A resizable buffer reserves memory past the isolate's limit; so the constructor knows no second argument. */
function fixArrayBuffer(): void {
  const Native = ArrayBuffer;
  const { prototype } = Native;
  function GuestArrayBuffer(this: unknown, byteLength: unknown) {
    if (!new.target)
      throw new TypeErrorIntrinsic("Constructor ArrayBuffer requires 'new'");
    return construct(Native, [byteLength], new.target);
  }
  defineHidden(GuestArrayBuffer, "name", "ArrayBuffer");
  // A function's own `prototype` can be assigned, not redefined.
  GuestArrayBuffer.prototype = prototype;
  defineHidden(GuestArrayBuffer, "isView", Reflect.get(Native, "isView"));
  const species = Reflect.getOwnPropertyDescriptor(Native, Symbol.species);
  if (species) defineProperty(GuestArrayBuffer, Symbol.species, species);
  defineHidden(prototype, "constructor", GuestArrayBuffer);
  deleteProperty(prototype, "resize");
  defineHidden(globalThis, "ArrayBuffer", GuestArrayBuffer);
}

function queueMicrotaskOf(
  calls: Calls,
  context: AsyncContext,
): (callback: unknown) => void {
  return (callback) => {
    if (typeof callback !== "function")
      throw new TypeErrorIntrinsic("queueMicrotask wants a function");
    const call = calls.current();
    const frame = context.current();
    void enqueue(() => {
      try {
        context.within(frame, () => apply(callback, undefined, []));
      } catch (thrown) {
        calls.failThrown(call, "threw", thrown);
      }
    });
  };
}

/** What `for…in` shows, as in Node. */
function define(name: string, value: unknown): void {
  defineProperty(globalThis, name, valueProperty(value));
}

function defineHidden(owner: object, name: string, value: unknown): void {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.configurable = true;
  defineProperty(owner, name, descriptor);
}
