/** What a guest gives as a body, read once: text, or one char a byte. */
import { bytesToText } from "../bytes.ts";
import { isObject, readProperty, toText } from "../intrinsics.ts";
import type { BodyForm } from "./exchange.ts";

type Getter = (from: object) => unknown;

/** A body in hand. */
export interface GivenBody {
  text: string;
  form: BodyForm;
  /** What its kind says of its type; empty: nothing. */
  contentType: string;
}

const Bytes = Uint8Array;
const isView: (value: unknown) => boolean = Reflect.get(ArrayBuffer, "isView");
const typedArray = Object(Reflect.getPrototypeOf(Uint8Array.prototype));
const kindOfTypedArray: Getter = getter(typedArray, Symbol.toStringTag);
const typedArrayParts = viewParts(typedArray);
const dataViewParts = viewParts(DataView.prototype);
const bufferLength: Getter = getter(ArrayBuffer.prototype, "byteLength");

/** Text, URLSearchParams or bytes; anything else is made text. */
export function readBody(body: unknown): GivenBody {
  if (body === undefined || body === null)
    return { text: "", form: "utf8", contentType: "" };
  const bytes = isObject(body) ? bytesOf(body) : undefined;
  if (bytes)
    return { text: bytesToText(bytes), form: "latin1", contentType: "" };
  const type = isParameters(body)
    ? "application/x-www-form-urlencoded"
    : "text/plain";
  const contentType = `${type};charset=UTF-8`;
  return { text: toText(body), form: "utf8", contentType };
}

/** The whole buffer under some bytes. */
export function bufferOf(bytes: Uint8Array): ArrayBuffer {
  return typedArrayParts.buffer(bytes);
}

/** A view of its own on all the bytes, whatever properties the guest's object shows. */
function bytesOf(body: object): Uint8Array | undefined {
  if (!isView(body)) return isBuffer(body) ? new Bytes(body) : undefined;
  const isTyped = kindOfTypedArray(body) !== undefined;
  const { buffer, offset, length } = isTyped ? typedArrayParts : dataViewParts;
  return new Bytes(buffer(body), offset(body), length(body));
}

function isBuffer(body: object): body is ArrayBuffer {
  try {
    bufferLength(body);
    return true;
  } catch {
    return false;
  }
}

/** Those of whatwg-url, by what they call themselves: to load it in order to ask would cost more than the request. */
function isParameters(body: unknown): boolean {
  const kind = isObject(body) && readProperty(body, Symbol.toStringTag);
  return kind === "URLSearchParams";
}

interface ViewParts {
  buffer: (view: object) => ArrayBuffer;
  offset: (view: object) => number;
  length: (view: object) => number;
}

function viewParts(prototype: object): ViewParts {
  return {
    buffer: getter(prototype, "buffer"),
    offset: getter(prototype, "byteOffset"),
    length: getter(prototype, "byteLength"),
  };
}

/** A getter as a function of its object, as it was before any guest code. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the language says what it gives, and the caller names it
function getter<Value>(
  of: object,
  name: string | symbol,
): (from: object) => Value {
  const get = Reflect.getOwnPropertyDescriptor(of, name)?.get;
  return Function.prototype.call.bind(Object(get));
}
