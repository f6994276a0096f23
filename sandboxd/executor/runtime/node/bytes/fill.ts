/** Fills bytes with a value over and over. */
import { writeBase64, writeHex } from "./base64.ts";
import { writeLatin1, writeUcs2 } from "./plain.ts";
import { utf8ByteLength, writeUtf8 } from "./utf8.ts";
import {
  bytesOf,
  copyWithin,
  fillBytes,
  indexOr,
  lengthOf,
  part,
  setBytes,
} from "./views.ts";

/** What Node's library makes errors of. */
const nothingToFillWith = -1;
const outOfBounds = -2;

export function fillWith(
  view: unknown,
  value: unknown,
  from: unknown,
  to: unknown,
  encoding?: unknown,
): number | undefined {
  const bytes = bytesOf(view);
  const start = indexOr(from, 0);
  const end = indexOr(to, 0);
  if (start > end || end > lengthOf(bytes)) return outOfBounds;
  if (typeof value !== "string" && !ArrayBuffer.isView(value)) {
    fillBytes(bytes, Number(value) & 0xff, start, end);
    return undefined;
  }
  const size = end - start;
  const written =
    typeof value === "string"
      ? writeOnce(value, bytes, start, end, encoding)
      : copyOnce(bytesOf(value), bytes, start, size);
  if (written >= size) return undefined;
  if (written === 0) return nothingToFillWith;
  repeat(bytes, start, end, written);
  return undefined;
}

function copyOnce(
  value: Uint8Array,
  bytes: Uint8Array,
  start: number,
  size: number,
): number {
  const count = Math.min(lengthOf(value), size);
  setBytes(bytes, part(value, 0, count), start);
  return count;
}

/** Also the beginning of a character, where no more than that fits. */
function writeOnce(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  encoding: unknown,
): number {
  switch (encodingName(encoding)) {
    case "ucs2":
    case "ucs-2":
    case "utf16le":
    case "utf-16le": {
      const whole = new Uint8Array(text.length * 2);
      writeUcs2(text, whole, 0, whole.length);
      return copyOnce(whole, bytes, start, end - start);
    }
    case "latin1":
    case "binary":
    case "ascii":
      return writeLatin1(text, bytes, start, end);
    case "hex":
      return writeHex(text, bytes, start, end);
    case "base64":
      return writeBase64(text, bytes, start, end, false);
    case "base64url":
      return writeBase64(text, bytes, start, end, true);
    default: {
      const whole = new Uint8Array(utf8ByteLength(text));
      writeUtf8(text, whole, 0, whole.length);
      return copyOnce(whole, bytes, start, end - start);
    }
  }
}

function encodingName(encoding: unknown): string {
  return typeof encoding === "string" ? encoding.toLowerCase() : "utf8";
}

/** Doubles what is there until all is full. */
function repeat(
  bytes: Uint8Array,
  start: number,
  end: number,
  written: number,
): void {
  let done = written;
  const size = end - start;
  while (done < size) {
    const count = Math.min(done, size - done);
    copyWithin(bytes, start + done, start, start + count);
    done += count;
  }
}
