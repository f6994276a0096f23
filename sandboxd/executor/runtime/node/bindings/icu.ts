/** What Node asks of ICU: the encodings of old texts, which the executor's own Node converts, and widths of characters. */
import {
  bytesOf,
  bytesOfAny,
  cut,
  isBytes,
  lengthOf,
  nativeError,
  textOf,
} from "../bytes/views.ts";
import type { Exports, Host, HostValue, RealmParts } from "../realm.ts";

/** Of Node's library. */
const flushes = 1;
/** Of ICU: what comes of converting, by number. */
const errors = new Map([
  [1, "U_ILLEGAL_ARGUMENT_ERROR"],
  [10, "U_INVALID_CHAR_FOUND"],
  [11, "U_TRUNCATED_CHAR_FOUND"],
  [12, "U_ILLEGAL_CHAR_FOUND"],
]);
const internalError = 5;

/** What Node's library holds for one TextDecoder. */
interface Converter {
  readonly label: string;
  readonly flags: number;
  /** Of the host, while a text is in the middle. */
  open: HostValue;
}

export function createBinding({
  host,
  internalBinding,
  require,
}: RealmParts): Exports {
  // Of characters alone: Node's library asks for no other kind of width.
  let widthOf: ((point: number) => number) | undefined;
  return {
    hasConverter: (label: unknown) => host("text.knows", textOf(label)),
    getConverter: (label: unknown, flags: number): Converter | undefined =>
      host("text.knows", textOf(label))
        ? { label: textOf(label), flags, open: undefined }
        : undefined,
    decode: (
      converter: Converter,
      value: unknown,
      flags: number,
      name: string,
    ) => {
      try {
        return convert(host, converter, value, (flags & flushes) !== 0);
      } catch (error) {
        throw named(error, name);
      }
    },
    transcode: (view: unknown, from: string, to: string): unknown => {
      const bytes = bytesOf(view);
      const copy = cut(bytes, 0, lengthOf(bytes));
      const result = host("text.transcode", copy, from, to);
      if (!(result instanceof Uint8Array)) return numberOf(result);
      const { FastBuffer } = require("internal/buffer");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own class of bytes
      const Bytes = FastBuffer as Uint8ArrayConstructor;
      return new Bytes(result.buffer);
    },
    icuErrName: (number: number) =>
      errors.get(number) ?? "U_INTERNAL_PROGRAM_ERROR",
    getStringWidth: (text: unknown) => {
      widthOf ??= widthsIn(internalBinding("icu")["widths"]);
      let width = 0;
      for (const character of textOf(text))
        width += widthOf(character.codePointAt(0) ?? 0);
      return width;
    },
  };
}

const invalidData = "ERR_ENCODING_INVALID_ENCODED_DATA";

/** The host knows the encoding by the converter's name, which may be another. */
function named(error: unknown, name: string): unknown {
  const isInvalid =
    error instanceof Error && Reflect.get(error, "code") === invalidData;
  if (!isInvalid) return error;
  const message = `The encoded data was not valid for encoding ${name}`;
  return nativeError(TypeError, invalidData, message);
}

function numberOf(error: HostValue): number {
  for (const [number, name] of errors) if (name === error) return number;
  return internalError;
}

function convert(
  host: Host,
  converter: Converter,
  value: unknown,
  isLast: boolean,
): HostValue {
  if (!isBytes(value))
    throw nativeError(
      TypeError,
      "ERR_INVALID_ARG_TYPE",
      'The "input" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.',
    );
  const bytes = bytesOfAny(value);
  const copy = cut(bytes, 0, lengthOf(bytes));
  const { label, flags, open } = converter;
  if (isLast) {
    converter.open = undefined;
    return host("text.convert", label, flags, copy, open);
  }
  converter.open = open ?? host("text.open", label, flags);
  return host("text.continue", converter.open, copy);
}

/** Widths come as code points at which they change, each with the width from there on. */
function widthsIn(changes: unknown): (point: number) => number {
  const all: unknown[] = Array.isArray(changes) ? changes : [];
  const points = new Uint32Array(all.length / 2);
  const widths = new Uint8Array(points.length);
  for (let at = 0; at < points.length; at++) {
    points[at] = Number(all[at * 2]);
    widths[at] = Number(all[at * 2 + 1]);
  }
  return (point) => {
    let low = 0;
    let high = points.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((points[middle] ?? 0) <= point) low = middle;
      else high = middle;
    }
    return widths[low] ?? 1;
  };
}
