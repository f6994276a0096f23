/** The web platform on `globalThis`: Node's own classes, each taken when it is first read, as visible as in Node. */
import { defineProperty, dictionary, valueProperty } from "./intrinsics.ts";
import { addObjectUrls, type Exports, type Realm } from "./node/realm.ts";

/** Classes by the module of Node's library that has them. */
const classes: Record<string, readonly string[]> = {
  "internal/url": ["URL", "URLSearchParams", "URLPattern"],
  "internal/encoding": ["TextEncoder", "TextDecoder"],
  "internal/event_target": ["EventTarget", "Event", "CustomEvent"],
  "internal/abort_controller": ["AbortController", "AbortSignal"],
  "internal/worker/clone_dom_exception": ["DOMException", "QuotaExceededError"],
  "internal/blob": ["Blob"],
  "internal/file": ["File"],
  "internal/worker/io": ["BroadcastChannel", "MessageChannel", "MessagePort"],
  "internal/webstreams/readablestream": [
    "ReadableStream",
    "ReadableStreamDefaultReader",
    "ReadableStreamBYOBReader",
    "ReadableStreamBYOBRequest",
    "ReadableByteStreamController",
    "ReadableStreamDefaultController",
  ],
  "internal/webstreams/writablestream": [
    "WritableStream",
    "WritableStreamDefaultController",
    "WritableStreamDefaultWriter",
  ],
  "internal/webstreams/transformstream": [
    "TransformStream",
    "TransformStreamDefaultController",
  ],
  "internal/webstreams/queuingstrategies": [
    "ByteLengthQueuingStrategy",
    "CountQueuingStrategy",
  ],
  "internal/webstreams/encoding": ["TextEncoderStream", "TextDecoderStream"],
  "internal/webstreams/compression": [
    "CompressionStream",
    "DecompressionStream",
  ],
  "internal/deps/undici/undici": [
    "FormData",
    "Headers",
    "Request",
    "Response",
    "MessageEvent",
    "CloseEvent",
    "ErrorEvent",
    "WebSocket",
  ],
  "internal/crypto/webcrypto": ["Crypto", "CryptoKey", "SubtleCrypto"],
  perf_hooks: [
    "Performance",
    "PerformanceEntry",
    "PerformanceMark",
    "PerformanceMeasure",
    "PerformanceObserver",
    "PerformanceObserverEntryList",
    "PerformanceResourceTiming",
  ],
  "internal/navigator": ["Navigator"],
  "internal/webstorage": ["Storage"],
};

/** Functions and objects, which `for…in` shows. */
const operations: Record<string, readonly string[]> = {
  buffer: ["atob", "btoa"],
  "internal/worker/js_transferable": ["structuredClone"],
  "internal/webstorage": ["sessionStorage"],
};

/** What the library must have for them. */
export const webModules: readonly string[] = Object.keys(classes);

export function installWebGlobals(realm: Realm): void {
  each(classes, (id, name) => defineLazy(realm, id, name, false));
  each(operations, (id, name) => defineLazy(realm, id, name, true));
  defineLazy(realm, "perf_hooks", "performance", true);
  // There is no file for it, as in a Node that was given none.
  defineLazy(realm, "internal/webstorage", "localStorage", false);
  defineGetter("crypto", () => realm.internal("internal/crypto/webcrypto"));
  defineGetter("navigator", () => realm.internal("internal/navigator"));
}

function defineLazy(
  realm: Realm,
  id: string,
  name: string,
  isEnumerable: boolean,
): void {
  defineLoaded(name, isEnumerable, () => {
    const exports = realm.internal(id);
    if (name === "URL") addObjectUrls(exports);
    return exports[name];
  });
}

/** A value that is not there before it is read; what is assigned takes its place. */
export function defineLoaded(
  name: string,
  isEnumerable: boolean,
  load: () => unknown,
): void {
  const define = (value: unknown) => {
    const property = valueProperty(value);
    property.enumerable = isEnumerable;
    defineProperty(globalThis, name, property);
  };
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.get = () => {
    const value = load();
    define(value);
    return value;
  };
  descriptor.set = define;
  descriptor.enumerable = isEnumerable;
  descriptor.configurable = true;
  defineProperty(globalThis, name, descriptor);
}

/** As Node's own: an assignment does nothing. */
function defineGetter(name: string, load: () => Exports): void {
  const descriptor: PropertyDescriptor = dictionary();
  descriptor.get = () => load()[name];
  descriptor.enumerable = true;
  descriptor.configurable = true;
  defineProperty(globalThis, name, descriptor);
}

function each(
  table: Record<string, readonly string[]>,
  work: (id: string, name: string) => void,
): void {
  for (const [id, names] of Object.entries(table))
    for (const name of names) work(id, name);
}
