/** What a guest finds on `globalThis` beside the language. Heavy ones are getters that take up their polyfill when read. */
import type { AsyncContext } from "./async-context.ts";
import type { Calls } from "./calls.ts";
import { type GuestConsole } from "./console.ts";
import type { Fetch } from "./fetch/fetch.ts";
import { Headers } from "./fetch/headers.ts";
import { Response } from "./fetch/response.ts";
import {
  apply,
  construct,
  defineProperty,
  deleteProperty,
  dictionary,
  enqueue,
  TypeErrorIntrinsic,
} from "./intrinsics.ts";
import type { Realm } from "./node/realm.ts";
import type { Timers } from "./timers.ts";

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
  define("global", globalThis);
  define("console", console);
  define("setTimeout", timers.setTimeout);
  define("setInterval", timers.setInterval);
  define("setImmediate", timers.setImmediate);
  define("clearTimeout", timers.clearTimeout);
  define("clearInterval", timers.clearInterval);
  define("clearImmediate", timers.clearImmediate);
  define("queueMicrotask", queueMicrotaskOf(calls, context));
  define("fetch", fetch);
  define("Headers", Headers);
  define("Response", Response);
  const defineLazy = lazyGlobals();
  const from = (id: string, name: string) =>
    defineLazy(name, () => realm.internal(id)[name]);
  from("buffer", "Buffer");
  defineLazy("process", () => realm.internal("process"));
  defineLazy("URL", () => require("whatwg-url").URL, takeEncoding);
  defineLazy(
    "URLSearchParams",
    () => require("whatwg-url").URLSearchParams,
    takeEncoding,
  );
  defineLazy("TextEncoder", () => encoding().TextEncoder);
  defineLazy("TextDecoder", () => encoding().TextDecoder);
  defineLazy("EventTarget", () => require("event-target-shim").EventTarget);
  defineLazy("Event", () => require("event-target-shim").Event);
  defineLazy("AbortController", () => abort().AbortController);
  defineLazy("AbortSignal", () => abort().AbortSignal);
  defineLazy("DOMException", () =>
    require("core-js-pure/actual/dom-exception"),
  );
  defineLazy("structuredClone", () =>
    require("core-js-pure/actual/structured-clone"),
  );
  defineLazy("atob", () => require("core-js-pure/actual/atob"));
  defineLazy("btoa", () => require("core-js-pure/actual/btoa"));
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
  define("ArrayBuffer", GuestArrayBuffer);
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

/** whatwg-url makes an encoder of its own from the globals. */
function takeEncoding(): void {
  void [globalThis.TextEncoder, globalThis.TextDecoder];
}

function encoding() {
  return require("@exodus/bytes/encoding-lite.js");
}

function abort() {
  return require("abortcontroller-polyfill/dist/cjs-ponyfill.js");
}

function define(name: string, value: unknown): void {
  defineHidden(globalThis, name, value);
}

function defineHidden(owner: object, name: string, value: unknown): void {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.value = value;
  descriptor.writable = true;
  descriptor.configurable = true;
  defineProperty(owner, name, descriptor);
}

type DefineLazy = (
  name: string,
  load: () => unknown,
  prepare?: () => void,
) => void;

/** A polyfill that looks for globals while it is evaluated finds none, lest two wait for one another. */
function lazyGlobals(): DefineLazy {
  let isLoading = false;
  const take = (load: () => unknown) => {
    isLoading = true;
    try {
      return load();
    } finally {
      isLoading = false;
    }
  };
  return (name, load, prepare) => {
    const descriptor: PropertyDescriptor = dictionary();
    descriptor.get = () => {
      if (isLoading) return undefined;
      prepare?.();
      const value = take(load);
      define(name, value);
      return value;
    };
    descriptor.set = (value: unknown) => define(name, value);
    descriptor.configurable = true;
    defineProperty(globalThis, name, descriptor);
  };
}
