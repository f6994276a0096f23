/** What kind of object of the language a value is, by its slots: no property of its own is asked. */

export interface View {
  create: new (...parameters: never[]) => object;
  buffer: object;
  offset: number;
  length: number;
}

type Method = (this: unknown, ...parameters: unknown[]) => unknown;

export const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength");
const bufferDetached = getterOf(ArrayBuffer.prototype, "detached");
export const mapSize = getterOf(Map.prototype, "size");
export const setSize = getterOf(Set.prototype, "size");
export const regExpSource = getterOf(RegExp.prototype, "source");
export const dateTime: Method = Reflect.get(Date.prototype, "getTime");
export const mapForEach: (
  this: object,
  each: (item: unknown, key: unknown) => void,
) => void = Reflect.get(Map.prototype, "forEach");
export const mapSet: Method = Reflect.get(Map.prototype, "set");
export const setForEach: (this: object, each: (item: unknown) => void) => void =
  Reflect.get(Set.prototype, "forEach");
export const setAdd: Method = Reflect.get(Set.prototype, "add");
export const sliceBuffer: (this: ArrayBuffer, start: number) => ArrayBuffer =
  Reflect.get(ArrayBuffer.prototype, "slice");
const transferBuffer: (this: object) => ArrayBuffer = Reflect.get(
  ArrayBuffer.prototype,
  "transfer",
);
const typedArray: object = Object(Object.getPrototypeOf(Uint8Array.prototype));
const typedArrayKind = getterOf(typedArray, Symbol.toStringTag);
export const boxes: readonly Method[] = [Number, String, Boolean, BigInt].map(
  ({ prototype }) => Reflect.get(prototype, "valueOf"),
);
export const errorClasses = new Map<string, ErrorConstructor>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map(
    (made) => [made.name, made],
  ),
);
const viewClasses = new Map<unknown, new (...parameters: never[]) => object>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    Reflect.get(globalThis, "Float16Array"),
  ]
    .filter((made) => typeof made === "function")
    .map((made) => [made.name, made]),
);

export function isObject(value: unknown): value is object {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function"
  );
}

function getterOf(prototype: object, name: string | symbol): Method {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
  return Reflect.get(Object(descriptor), "get");
}

export function works(test: Method, value: unknown): boolean {
  try {
    Reflect.apply(test, value, []);
    return true;
  } catch {
    return false;
  }
}

export function isDetached(buffer: object): boolean {
  return Reflect.apply(bufferDetached, buffer, []) === true;
}

export function moveBuffer(buffer: object): object {
  return Reflect.apply(transferBuffer, buffer, []);
}

export function viewOf(value: ArrayBufferView): View {
  const kind = Reflect.apply(typedArrayKind, value, []);
  const prototype = kind === undefined ? DataView.prototype : typedArray;
  const read = (name: string) =>
    Reflect.apply(getterOf(prototype, name), value, []);
  const buffer = Object(read("buffer"));
  if (isDetached(buffer))
    return { create: Uint8Array, buffer, offset: 0, length: 0 };
  return {
    create: viewClasses.get(kind) ?? DataView,
    buffer,
    offset: Number(read("byteOffset")),
    length: Number(read(kind === undefined ? "byteLength" : "length")),
  };
}

export function isError(value: object): boolean {
  const test: unknown = Reflect.get(Error, "isError");
  return typeof test === "function" && test(value) === true;
}

export function tagOf(value: object): string {
  return Object.prototype.toString.call(value);
}

export function nameOf(value: object): string {
  const made: unknown = Reflect.get(value, "constructor");
  return typeof made === "function" ? made.name : "Object";
}
