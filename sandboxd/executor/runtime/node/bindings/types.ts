/** What kind of object something is, asked of its internal slots: each test calls a method that works on that kind alone. */
import type { Exports, RealmParts } from "../realm.ts";

type Test = (value: unknown) => boolean;

export function createBinding(_parts: RealmParts): Exports {
  const isSharedArrayBuffer = () => false;
  const isArrayBuffer = slot(ArrayBuffer.prototype, "byteLength");
  const isNumberObject = boxed(Number.prototype.valueOf);
  const isStringObject = boxed(String.prototype.valueOf);
  const isBooleanObject = boxed(Boolean.prototype.valueOf);
  const isBigIntObject = boxed(BigInt.prototype.valueOf);
  const isSymbolObject = boxed(Symbol.prototype.valueOf);
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
    isProxy: () => false,
    isSharedArrayBuffer,
    isArrayBuffer,
    isAnyArrayBuffer: isArrayBuffer,
    isArgumentsObject: tagged("[object Arguments]"),
    isModuleNamespaceObject: tagged("[object Module]"),
    isGeneratorObject: tagged("[object Generator]", "[object AsyncGenerator]"),
    isMapIterator: tagged("[object Map Iterator]"),
    isSetIterator: tagged("[object Set Iterator]"),
    isAsyncFunction: madeBy(asyncPrototypes),
    isGeneratorFunction: madeBy(generatorPrototypes),
    isDate: method(Date.prototype.getTime),
    isRegExp: (value: unknown) => isObject(value) && isRegExpSlot(value),
    isMap: slot(Map.prototype, "size"),
    isSet: slot(Set.prototype, "size"),
    isWeakMap: method(WeakMap.prototype.has, {}),
    isWeakSet: method(WeakSet.prototype.has, {}),
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

const objectTag = Object.prototype.toString;
const isErrorSlot: unknown = Reflect.get(Error, "isError");
const regExpSource = Object.getOwnPropertyDescriptor(
  RegExp.prototype,
  "source",
)?.get;
const { apply } = Reflect;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** `source` works on RegExp.prototype too, which is none. */
function isRegExpSlot(value: object): boolean {
  return value !== RegExp.prototype && works(regExpSource, value);
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
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get;
  return (value) => isObject(value) && works(get, value);
}

function method(test: unknown, ...rest: unknown[]): Test {
  return (value) => isObject(value) && works(test, value, ...rest);
}

function boxed(valueOf: unknown): Test {
  return (value) => isObject(value) && works(valueOf, value);
}

/** By the tag the language gives; an object that only says so has the tag as a property of its own or its class's. */
function tagged(...tags: string[]): Test {
  return (value) => isObject(value) && tags.includes(objectTag.call(value));
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
    objectTag.call(value) === "[object Promise]"
  );
}

function isNativeError(value: unknown): boolean {
  if (typeof isErrorSlot === "function") return isErrorSlot(value) === true;
  return value instanceof Error;
}
