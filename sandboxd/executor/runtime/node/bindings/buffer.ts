/** Bytes under Node's Buffer: what its C++ does, with the same returns and refusals. */
import {
  decodeStrict,
  readBase64,
  readHex,
  writeBase64,
  writeHex,
} from "../bytes/base64.ts";
import {
  readAscii,
  readLatin1,
  readUcs2,
  writeLatin1,
  writeUcs2,
} from "../bytes/plain.ts";
import { compare, compareOffset, copyBytes, swap } from "../bytes/moves.ts";
import { fillWith } from "../bytes/fill.ts";
import { findBytes } from "../bytes/search.ts";
import {
  encodeInto,
  isValidUtf8,
  readUtf8,
  utf8ByteLength,
} from "../bytes/utf8.ts";
import {
  bytesOf,
  bytesOfAny,
  indexOr,
  lengthOf,
  nativeError,
  outOfBounds,
  setBytes,
  part,
  textOf,
} from "../bytes/views.ts";
import type { Exports, Host, RealmParts } from "../realm.ts";

/** Of Node: how its library names encodings to its C++. */
const ucs2Encoding = 3;
const latin1Encoding = 4;

type Read = (bytes: Uint8Array, start: number, end: number) => string;
type Write = (
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
) => number;

export function createBinding({ host, internalBinding }: RealmParts): Exports {
  const { kStringMaxLength } = internalBinding("buffer");
  const maxChars = Number(kStringMaxLength);
  const slice = (read: Read, charsPerByte = 1) =>
    slicer(read, maxChars / charsPerByte);
  const writeText: Write = (text, bytes, start, end) =>
    encodeInto(host, text, bytes, start, end);
  return {
    setBufferPrototype: () => undefined,
    setDetachKey: () => undefined,
    createUnsafeArrayBuffer,
    // Where memory begins cannot be seen from here.
    arrayBufferAlignedOffset: () => 0,
    asciiSlice: slice((...range) => readAscii(host, ...range)),
    latin1Slice: slice((...range) => readLatin1(host, ...range)),
    ucs2Slice: slice((...range) => readUcs2(host, ...range), 0.5),
    utf8Slice: slice((...range) => readUtf8(host, ...range)),
    hexSlice: slice(readHex, 2),
    base64Slice: slice((...range) => readBase64(...range, false), 4 / 3),
    base64urlSlice: slice((...range) => readBase64(...range, true), 4 / 3),
    asciiWriteStatic: writer(writeLatin1),
    latin1WriteStatic: writer(writeLatin1),
    utf8WriteStatic: writer(writeText),
    ucs2Write: writer(writeUcs2),
    hexWrite: writer(writeHex),
    base64Write: writer((...write) => writeBase64(...write, false)),
    base64urlWrite: writer((...write) => writeBase64(...write, true)),
    byteLengthUtf8: (text: unknown) => utf8ByteLength(textOf(text)),
    compare: (left: unknown, right: unknown) =>
      compare(bytesOf(left), bytesOf(right)),
    compareOffset,
    copy: copyBytes,
    copyArrayBuffer,
    fill: (...parameters: Parameters<typeof fillWith>) =>
      fillWith(...parameters),
    indexOfString: searchText(host),
    indexOfBuffer,
    indexOfNumber,
    swap16: swap(2),
    swap32: swap(4),
    swap64: swap(8),
    isUtf8: (value: unknown) => isValidUtf8(bytesOfAny(value)),
    isAscii: (value: unknown) => isAscii(bytesOfAny(value)),
    atob: (text: unknown) => {
      const decoded = decodeStrict(textOf(text));
      if (typeof decoded === "number") return decoded;
      return readLatin1(host, decoded, 0, decoded.length);
    },
    btoa: (text: unknown) => encodeChars(textOf(text)),
  };
}

function createUnsafeArrayBuffer(size: number): ArrayBuffer {
  try {
    return new Uint8Array(size).buffer;
  } catch {
    throw nativeError(
      RangeError,
      "ERR_MEMORY_ALLOCATION_FAILED",
      "Failed to allocate memory",
    );
  }
}

function slicer(read: Read, maxBytes: number) {
  return (view: unknown, from?: unknown, to?: unknown): string => {
    const bytes = bytesOf(view);
    const length = lengthOf(bytes);
    if (length === 0) return "";
    const start = indexOr(from, 0);
    const end = indexOr(to, length);
    if (end <= start) return "";
    if (end > length) throw outOfBounds();
    if (end - start > maxBytes) throw tooLong();
    return read(bytes, start, end);
  };
}

function tooLong(): Error {
  return nativeError(
    Error,
    "ERR_STRING_TOO_LONG",
    "Cannot create a string longer than 0x1fffffe8 characters",
  );
}

function writer(write: Write) {
  return (
    view: unknown,
    text: unknown,
    offset?: unknown,
    count?: unknown,
  ): number => {
    const bytes = bytesOf(view);
    const checked = textOf(text);
    const length = lengthOf(bytes);
    const start = indexOr(offset, 0);
    if (start > length)
      throw nativeError(
        RangeError,
        "ERR_BUFFER_OUT_OF_BOUNDS",
        '"offset" is outside of buffer bounds',
      );
    const room = Math.min(indexOr(count, length - start), length - start);
    return room === 0 ? 0 : write(checked, bytes, start, start + room);
  };
}

function copyArrayBuffer(
  to: ArrayBuffer,
  toOffset: number,
  from: ArrayBuffer,
  fromOffset: number,
  count: number,
): void {
  const source = bytesOfAny(from);
  setBytes(
    bytesOfAny(to),
    part(source, fromOffset, fromOffset + count),
    toOffset,
  );
}

function searchText(host: Host) {
  return (
    view: unknown,
    text: unknown,
    offset: number,
    encoding: number,
    isForward: boolean,
    limit?: unknown,
  ): number => {
    const hay = bytesOf(view);
    const needle = needleOf(host, textOf(text), encoding);
    return searched(hay, needle, offset, encoding, isForward, limit);
  };
}

function needleOf(host: Host, text: string, encoding: number): Uint8Array {
  if (encoding === ucs2Encoding) {
    const bytes = new Uint8Array(text.length * 2);
    writeUcs2(text, bytes, 0, bytes.length);
    return bytes;
  }
  const isLatin1 = encoding === latin1Encoding;
  const bytes = new Uint8Array(isLatin1 ? text.length : utf8ByteLength(text));
  if (isLatin1) writeLatin1(text, bytes, 0, bytes.length);
  else encodeInto(host, text, bytes, 0, bytes.length);
  return bytes;
}

function indexOfBuffer(
  view: unknown,
  wanted: unknown,
  offset: number,
  encoding: number,
  isForward: boolean,
  limit?: unknown,
): number {
  const hay = bytesOf(view);
  return searched(hay, bytesOf(wanted), offset, encoding, isForward, limit);
}

function searched(
  hay: Uint8Array,
  needle: Uint8Array,
  offset: number,
  encoding: number,
  isForward: boolean,
  limit: unknown,
): number {
  const isWide = encoding === ucs2Encoding;
  const wholeLength = isWide ? lengthOf(hay) & ~1 : lengthOf(hay);
  const limitLength = limited(hay, limit);
  const length = isWide ? limitLength & ~1 : limitLength;
  const needleLength = lengthOf(needle);
  if (isWide && needleLength > 0 && (length < 2 || needleLength < 2)) return -1;
  return findBytes({
    hay,
    wholeLength,
    hayLength: length,
    needle,
    needleLength,
    offset: Math.trunc(offset),
    isForward,
    step: isWide ? 2 : 1,
  });
}

function limited(hay: Uint8Array, limit: unknown): number {
  const length = lengthOf(hay);
  if (limit === undefined) return length;
  const end = Math.trunc(Number(limit)) || 0;
  return Math.max(0, Math.min(length, end));
}

function indexOfNumber(
  view: unknown,
  wanted: number,
  offset: number,
  isForward: boolean,
  limit?: unknown,
): number {
  const hay = bytesOf(view);
  return findBytes({
    hay,
    wholeLength: lengthOf(hay),
    hayLength: limited(hay, limit),
    needle: new Uint8Array([wanted]),
    needleLength: 1,
    offset: Math.trunc(offset),
    isForward,
    step: 1,
  });
}

function isAscii(bytes: Uint8Array): boolean {
  const length = lengthOf(bytes);
  for (let at = 0; at < length; at++) if ((bytes[at] ?? 0) > 0x7f) return false;
  return true;
}

const notLatin1 = -1;

function encodeChars(text: string): string | number {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0xff) return notLatin1;
    bytes[at] = code;
  }
  return readBase64(bytes, 0, bytes.length, false);
}
