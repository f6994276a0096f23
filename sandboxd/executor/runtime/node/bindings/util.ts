/** Looks into objects, as far as a realm can look into its own: the state of a promise stays hidden. */
import { parseEnv } from "../dotenv.ts";
import type { Exports, RealmParts } from "../realm.ts";

const indexPattern = /^(0|[1-9]\d{0,9})$/;
/** Of V8: the bits that say what getOwnNonIndexProperties is to leave out. */
const onlyEnumerable = 2;
const skipSymbols = 16;
const pending = 0;

export function createBinding(parts: RealmParts): Exports {
  return {
    shouldAbortOnUncaughtToggle: new Uint32Array(1),
    getPromiseDetails: () => [pending, undefined],
    getProxyDetails: proxyDetails(parts),
    getCallerLocation: () => undefined,
    getCallSites,
    getExternalValue: () => 0n,
    getSharedArrayBufferGrowable: () => false,
    isInsideNodeModules: () => false,
    markPromiseAsHandled: (promise: Promise<unknown>) =>
      void Promise.prototype.then.call(promise, undefined, () => undefined),
    guessHandleType: () => "PIPE",
    sleep: () => undefined,
    previewEntries,
    getOwnNonIndexProperties,
    getConstructorName,
    arrayBufferViewHasBuffer: () => true,
    parseEnv,
    defineLazyProperties: lazyProperties(parts),
    ...typeTests(parts),
  };
}

/** The target, and where wanted the handler too. */
function proxyDetails({ runtime }: RealmParts) {
  return (value: unknown, isWhole = true): unknown => {
    const details = runtime.proxies.detailsOf(value);
    if (!details) return undefined;
    return isWhole ? [details.target, details.handler] : details.target;
  };
}

/** Of who calls `util.getCallSites`. */
function getCallSites(count: number): object[] {
  const { stackTraceLimit } = Error;
  const before: unknown = Reflect.get(Error, "prepareStackTrace");
  const holder: { stack?: unknown } = {};
  try {
    // One more for the library's own function.
    Error.stackTraceLimit = count + 1;
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(holder, getCallSites);
    const sites: unknown = holder.stack;
    return Array.isArray(sites) ? sites.slice(1).map(siteOf) : [];
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
    Reflect.set(Error, "prepareStackTrace", before);
  }
}

function siteOf(site: NodeJS.CallSite): object {
  const column = site.getColumnNumber() ?? 0;
  return {
    functionName: site.getFunctionName() ?? "",
    scriptId: "0",
    scriptName: site.getFileName() ?? "",
    lineNumber: site.getLineNumber() ?? 0,
    columnNumber: column,
    column,
  };
}

/** What the binding has of the binding `types`. */
function typeTests({ internalBinding }: RealmParts): Exports {
  const types = internalBinding("types");
  return {
    ...types,
    isArrayBufferView: (value: unknown) => ArrayBuffer.isView(value),
    isTypedArray: (value: unknown) =>
      ArrayBuffer.isView(value) && !(value instanceof DataView),
    isUint8Array: (value: unknown) => value instanceof Uint8Array,
    isDataView: (value: unknown) => value instanceof DataView,
  };
}

/** Of a Map or Set or what iterates one; an iterator's rest cannot be seen without taking it. */
function previewEntries(value: unknown, isIterator?: boolean): unknown {
  const entries: unknown[] = [];
  let isKeyed = false;
  if (value instanceof Map) {
    isKeyed = true;
    Map.prototype.forEach.call(value, (item, key) => entries.push(key, item));
  } else if (value instanceof Set)
    Set.prototype.forEach.call(value, (item) => entries.push(item));
  return isIterator ? [entries, isKeyed] : entries;
}

function getOwnNonIndexProperties(
  value: object,
  filter: number,
): (string | symbol)[] {
  return Reflect.ownKeys(value).filter((key) => {
    if (typeof key === "string" && indexPattern.test(key)) return false;
    if (typeof key === "symbol" && (filter & skipSymbols) !== 0) return false;
    return (
      (filter & onlyEnumerable) === 0 ||
      Object.prototype.propertyIsEnumerable.call(value, key)
    );
  });
}

function getConstructorName(value: object): string {
  for (
    let object: unknown = value;
    typeof object === "object" && object !== null;
    object = Object.getPrototypeOf(object)
  ) {
    const made: unknown = Object.getOwnPropertyDescriptor(
      object,
      "constructor",
    )?.value;
    if (typeof made === "function" && made.name !== "") return made.name;
  }
  return "";
}

/** Values of a module that is loaded when one of them is first read. */
function lazyProperties({ require }: RealmParts) {
  return (
    target: object,
    id: string,
    names: readonly string[],
    enumerable = true,
  ): void => {
    for (const name of names) {
      const define = (value: unknown) =>
        Object.defineProperty(target, name, {
          value,
          writable: true,
          enumerable,
          configurable: true,
        });
      Object.defineProperty(target, name, {
        get: () => {
          const value = require(id)[name];
          define(value);
          return value;
        },
        set: define,
        enumerable,
        configurable: true,
      });
    }
  };
}
