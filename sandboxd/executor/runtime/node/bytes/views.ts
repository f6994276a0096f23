/** What Node's own C++ does first with its parameters: whether they are bytes or text, and whether indices are in bounds. */
import { apply, defineProperty, valueProperty } from "../../intrinsics.ts";

const prototype: object = Object.getPrototypeOf(Uint8Array.prototype);
const Bytes = Uint8Array;
// oxlint-disable-next-line typescript/unbound-method -- it asks nothing of the constructor
const isView = ArrayBuffer.isView;

/** A getter as a function: what a view says of itself can be redefined by who holds it. */
function getter(of: object, name: string | symbol): (from: object) => never {
  const property: object = Object.getOwnPropertyDescriptor(of, name) ?? {};
  const bound: unknown = Function.prototype.call.bind(
    Reflect.get(property, "get"),
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the language says what its getters give
  return bound as (from: object) => never;
}

type Get<Value> = (from: object) => Value;

export const tagOf: Get<unknown> = getter(prototype, Symbol.toStringTag);
export const lengthOf: Get<number> = getter(prototype, "length");
export const bufferOf: Get<ArrayBuffer> = getter(prototype, "buffer");
export const offsetOf: Get<number> = getter(prototype, "byteOffset");
const byteLengthOf: Get<number> = getter(prototype, "byteLength");
const viewBufferOf: Get<ArrayBuffer> = getter(DataView.prototype, "buffer");
const viewOffsetOf: Get<number> = getter(DataView.prototype, "byteOffset");
const viewLengthOf: Get<number> = getter(DataView.prototype, "byteLength");
const arrayBufferLength: Get<number> = getter(
  ArrayBuffer.prototype,
  "byteLength",
);
const isDetached: Get<boolean> = getter(ArrayBuffer.prototype, "detached");

export const setBytes: (
  to: Uint8Array,
  from: ArrayLike<number>,
  at: number,
) => void = Function.prototype.call.bind(Reflect.get(prototype, "set"));
export const fillBytes: (
  bytes: Uint8Array,
  value: number,
  start: number,
  end: number,
) => void = Function.prototype.call.bind(Reflect.get(prototype, "fill"));
export const copyWithin: (
  bytes: Uint8Array,
  to: number,
  start: number,
  end: number,
) => void = Function.prototype.call.bind(Reflect.get(prototype, "copyWithin"));
export const indexOfByte: (
  bytes: Uint8Array,
  value: number,
  start: number,
) => number = Function.prototype.call.bind(Reflect.get(prototype, "indexOf"));

/** An error as Node's C++ makes them: its code is a plain property. */
export function nativeError(
  Kind: ErrorConstructor,
  code: string,
  message: string,
): Error {
  const error = new Kind(message);
  defineProperty(error, "code", valueProperty(code));
  return error;
}

/** The bytes under any view, as a Uint8Array of any class; throws for what is no view. */
export function bytesOf(view: unknown): Uint8Array {
  if (!isView(view))
    throw nativeError(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      "argument must be a buffer",
    );
  const tag = tagOf(view);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its tag comes from an internal slot
  if (tag === "Uint8Array") return view as Uint8Array;
  if (tag !== undefined)
    return new Bytes(bufferOf(view), offsetOf(view), byteLengthOf(view));
  try {
    return new Bytes(
      viewBufferOf(view),
      viewOffsetOf(view),
      viewLengthOf(view),
    );
  } catch {
    // A DataView whose buffer was taken away.
    return new Bytes(0);
  }
}

/** The bytes of a view or of a whole ArrayBuffer; none where they were taken away. */
export function bytesOfAny(value: unknown): Uint8Array {
  if (isView(value)) return bytesOf(value);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's library has checked; and if not, it throws
  const buffer = value as ArrayBuffer;
  const length = arrayBufferLength(buffer);
  return isDetached(buffer) ? new Bytes(0) : new Bytes(buffer, 0, length);
}

/** Whether it is a view or an ArrayBuffer. */
export function isBytes(
  value: unknown,
): value is ArrayBufferView | ArrayBuffer {
  if (isView(value)) return true;
  if (typeof value !== "object" || value === null) return false;
  try {
    arrayBufferLength(value);
    return true;
  } catch {
    return false;
  }
}

/** A plain view of a part, without asking the class of the whole. */
export function part(
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  return new Bytes(bufferOf(bytes), offsetOf(bytes) + start, end - start);
}

/** A copy with an ArrayBuffer of its own: what crosses the wall goes with its whole buffer. */
export function cut(
  bytes: Uint8Array,
  start: number,
  end: number,
): Uint8Array<ArrayBuffer> {
  const copy = new Bytes(end - start);
  setBytes(copy, part(bytes, start, end), 0);
  return copy;
}

export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  throw nativeError(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    "argument must be a string",
  );
}

/** An index that may be left out; refused when negative. */
export function indexOr(value: unknown, missing: number): number {
  if (value === undefined) return missing;
  const index =
    typeof value === "number" ? Math.trunc(value) : Math.trunc(Number(value));
  if (index < 0) throw outOfBounds();
  return index !== index ? 0 : index;
}

export function outOfBounds(): Error {
  return nativeError(RangeError, "ERR_OUT_OF_RANGE", "Index out of range");
}

const { fromCharCode } = String;

/** The text of up to some thousand char codes. */
export function textOfCodes(codes: ArrayLike<number>): string {
  return apply(fromCharCode, undefined, codes);
}
