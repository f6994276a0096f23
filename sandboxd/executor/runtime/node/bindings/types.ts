/** What kind of object something is, asked of its internal slots: each test calls a method that works on that kind alone. */
import type { Exports, RealmParts } from "../realm.ts";

type Test = (value: unknown) => boolean;

export function createBinding({ runtime }: RealmParts): Exports {
  const isArrayBuffer = slot(ArrayBuffer.prototype, "byteLength");
  const isNumberObject = method(Number.prototype, "valueOf");
  const isStringObject = method(String.prototype, "valueOf");
  const isBooleanObject = method(Boolean.prototype, "valueOf");
  const isBigIntObject = method(BigInt.prototype, "valueOf");
  const isSymbolObject = method(Symbol.prototype, "valueOf");
  const asyncPrototypes = new Set([
    Object.getPrototypeOf(async function () {}),
    Object.getPrototypeOf(async function* () {}),
  ]);
  const generatorPrototypes = new Set([
    Object.getPrototypeOf(function* () {}),
    Object.getPrototypeOf(async function* () {}),
  ]);
  return {
    isExternal: () => false,
    isProxy: (value: unknown) => runtime.proxies.detailsOf(value) !== undefined,
    isSharedArrayBuffer: () => false,
    isArrayBuffer,
    isAnyArrayBuffer: isArrayBuffer,
    isArgumentsObject: tagged("[object Arguments]"),
    isModuleNamespaceObject: tagged("[object Module]"),
    isGeneratorObject: tagged("[object Generator]", "[object AsyncGenerator]"),
    isMapIterator: tagged("[object Map Iterator]"),
    isSetIterator: tagged("[object Set Iterator]"),
    isAsyncFunction: madeBy(asyncPrototypes),
    isGeneratorFunction: madeBy(generatorPrototypes),
    isDate: method(Date.prototype, "getTime"),
    isRegExp: (value: unknown) => isObject(value) && isRegExpSlot(value),
    isMap: slot(Map.prototype, "size"),
    isSet: slot(Set.prototype, "size"),
    isWeakMap: method(WeakMap.prototype, "has", {}),
    isWeakSet: method(WeakSet.prototype, "has", {}),
    isPromise,
    isNativeError,
    isNumberObject,
    isStringObject,
    isBooleanObject,
    isBigIntObject,
    isSymbolObject,
    isBoxedPrimitive: (value: unknown) =>
      isNumberObject(value) ||
      isStringObject(value) ||
      isBooleanObject(value) ||
      isBigIntObject(value) ||
      isSymbolObject(value),
  };
}

const objectTag: unknown = Reflect.get(Object.prototype, "toString");
const isErrorSlot: unknown = Reflect.get(Error, "isError");
const regExpSource = getterOf(RegExp.prototype, "source");
const { apply } = Reflect;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** `source` works on RegExp.prototype too, which is none. */
function isRegExpSlot(value: object): boolean {
  return value !== RegExp.prototype && works(regExpSource, value);
}

function getterOf(prototype: object, name: string): unknown {
  return Reflect.get(
    Object(Object.getOwnPropertyDescriptor(prototype, name)),
    "get",
  );
}

function works(test: unknown, value: unknown, ...rest: unknown[]): boolean {
  if (typeof test !== "function") return false;
  try {
    apply(test, value, rest);
    return true;
  } catch {
    return false;
  }
}

/** The kind on which the getter of that name works. */
function slot(prototype: object, name: string): Test {
  const get = getterOf(prototype, name);
  return (value) => isObject(value) && works(get, value);
}

/** The kind on which the method of that name works. */
function method(prototype: object, name: string, ...rest: unknown[]): Test {
  const test: unknown = Reflect.get(prototype, name);
  return (value) => isObject(value) && works(test, value, ...rest);
}

function tagOf(value: object): unknown {
  return typeof objectTag === "function" && apply(objectTag, value, []);
}

/** By the tag the language gives; an object that only says so has the tag as a property of its own or its class's. */
function tagged(...tags: string[]): Test {
  return (value) => isObject(value) && tags.some((tag) => tag === tagOf(value));
}

function madeBy(prototypes: ReadonlySet<object>): Test {
  return (value) => {
    if (typeof value !== "function") return false;
    for (
      let prototype: object | null = Object.getPrototypeOf(value);
      prototype !== null;
      prototype = Object.getPrototypeOf(prototype)
    )
      if (prototypes.has(prototype)) return true;
    return false;
  };
}

/** Nothing asks for a promise's slot and leaves the promise as it was: `then` marks a rejection as handled. */
function isPromise(value: unknown): boolean {
  return (
    isObject(value) &&
    value instanceof Promise &&
    tagOf(value) === "[object Promise]"
  );
}

function isNativeError(value: unknown): boolean {
  if (typeof isErrorSlot === "function") return isErrorSlot(value) === true;
  return value instanceof Error;
}
