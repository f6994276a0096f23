/** UTF-8 as Node writes and reads it: what cannot be said becomes U+FFFD. Large texts go to the executor's own Node. */
import type { Host } from "../realm.ts";
import { charCode } from "../../intrinsics.ts";
import { cut, lengthOf, part, setBytes, textOfCodes } from "./views.ts";

/** From here on a call to the host is cheaper than a loop here. */
const hostDecodeBytes = 2048;
const hostEncodeChars = 4096;
/** What the host is asked to do at once. */
export const maxHostBytes = 16 * 1024 * 1024;
const replacement = 0xfffd;
const chunkCodes = 4096;

export function utf8ByteLength(text: string): number {
  const { length } = text;
  let bytes = length;
  for (let at = 0; at < length; at++) {
    const code = charCode(text, at);
    if (code < 0x80) continue;
    if (code < 0x800) bytes++;
    else {
      bytes += 2;
      // A pair is two chars and four bytes.
      if (isLead(code) && isTrail(charCode(text, at + 1))) at++;
    }
  }
  return bytes;
}

/** Writes what fits, whole characters only; gives how much of both. */
export function writeUtf8(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): { read: number; written: number } {
  const { length } = text;
  let at = 0;
  let to = start;
  while (at < length) {
    const code = charCode(text, at);
    if (code < 0x80) {
      if (to >= end) break;
      bytes[to++] = code;
      at++;
      continue;
    }
    if (code < 0x800) {
      if (to + 2 > end) break;
      bytes[to++] = 0xc0 | (code >> 6);
      bytes[to++] = 0x80 | (code & 0x3f);
      at++;
      continue;
    }
    const next = isLead(code) ? charCode(text, at + 1) : 0;
    if (isTrail(next)) {
      if (to + 4 > end) break;
      const point = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00);
      bytes[to++] = 0xf0 | (point >> 18);
      bytes[to++] = 0x80 | ((point >> 12) & 0x3f);
      bytes[to++] = 0x80 | ((point >> 6) & 0x3f);
      bytes[to++] = 0x80 | (point & 0x3f);
      at += 2;
      continue;
    }
    if (to + 3 > end) break;
    const whole = isSurrogate(code) ? replacement : code;
    bytes[to++] = 0xe0 | (whole >> 12);
    bytes[to++] = 0x80 | ((whole >> 6) & 0x3f);
    bytes[to++] = 0x80 | (whole & 0x3f);
    at++;
  }
  return { read: at, written: to - start };
}

/** The text of a part of bytes, by the host where it is large. */
export function readUtf8(
  host: Host,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  if (end - start < hostDecodeBytes) return decodeUtf8(bytes, start, end);
  let text = "";
  for (let from = start; from < end;) {
    const to =
      end - from <= maxHostBytes
        ? end
        : characterStart(bytes, from + maxHostBytes);
    text += decodeByHost(host, cut(bytes, from, to), "utf8");
    from = to;
  }
  return text;
}

/** A text that the host made of bytes, which are copied to it. */
export function decodeByHost(
  host: Host,
  bytes: Uint8Array,
  encoding: string,
): string {
  const text = host("text.decode", bytes, encoding);
  return typeof text === "string" ? text : "";
}

/** The same, or undefined where not all of it is UTF-8. */
export function readUtf8Strictly(
  host: Host,
  bytes: Uint8Array,
  start: number,
  end: number,
): string | undefined {
  const count = end - start;
  if (count < hostDecodeBytes || count > maxHostBytes)
    return isValidUtf8(bytes, start, end)
      ? readUtf8(host, bytes, start, end)
      : undefined;
  const text = host("text.decode", cut(bytes, start, end), "utf8-strict");
  return typeof text === "string" ? text : undefined;
}

/** Where a text can be cut before an index without cutting a character. */
function characterStart(bytes: Uint8Array, index: number): number {
  for (let back = 0; back < 4; back++)
    if (((bytes[index - back] ?? 0) & 0xc0) !== 0x80) return index - back;
  return index;
}

/** Decodes here; each longest part of a character that breaks off becomes one U+FFFD. */
export function decodeUtf8(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  let text = "";
  let codes: number[] = [];
  for (let at = start; at < end;) {
    const first = bytes[at++] ?? 0;
    if (first < 0x80) codes.push(first);
    else {
      const wanted = trailsOf(first);
      let point = wanted < 0 ? replacement : first & (0x3f >> wanted);
      let isWhole = wanted >= 0;
      for (let seen = 0; isWhole && seen < wanted; seen++) {
        const next = at < end ? (bytes[at] ?? 0) : 0;
        if (!isContinuation(first, seen, next)) isWhole = false;
        else {
          point = (point << 6) | (next & 0x3f);
          at++;
        }
      }
      if (!isWhole) codes.push(replacement);
      else if (point < 0x10000) codes.push(point);
      else {
        const rest = point - 0x10000;
        codes.push(0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
      }
    }
    if (codes.length >= chunkCodes) {
      text += textOfCodes(codes);
      codes = [];
    }
  }
  return text + textOfCodes(codes);
}

/** How many bytes follow a first one; -1 where none can. */
function trailsOf(first: number): number {
  if (first < 0xc2 || first > 0xf4) return -1;
  return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

/** Whether a byte may follow: the first to follow must leave no overlong form, no surrogate, nothing past U+10FFFF. */
function isContinuation(first: number, seen: number, next: number): boolean {
  if ((next & 0xc0) !== 0x80) return false;
  if (seen > 0) return true;
  if (first === 0xe0) return next >= 0xa0;
  if (first === 0xed) return next < 0xa0;
  if (first === 0xf0) return next >= 0x90;
  return first !== 0xf4 || next < 0x90;
}

export function isValidUtf8(
  bytes: Uint8Array,
  start = 0,
  end = lengthOf(bytes),
): boolean {
  for (let at = start; at < end;) {
    const first = bytes[at++] ?? 0;
    if (first < 0x80) continue;
    const wanted = trailsOf(first);
    if (wanted < 0 || at + wanted > end) return false;
    for (let seen = 0; seen < wanted; seen++)
      if (!isContinuation(first, seen, bytes[at++] ?? 0)) return false;
  }
  return true;
}

/** Writes a text by the host where it is large. */
export function encodeInto(
  host: Host,
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (text.length < hostEncodeChars || text.length * 3 > maxHostBytes)
    return writeUtf8(text, bytes, start, end).written;
  const encoded = host("text.encode", text);
  if (!(encoded instanceof Uint8Array)) return 0;
  const room = end - start;
  if (encoded.length <= room) {
    setBytes(bytes, encoded, start);
    return encoded.length;
  }
  let fits = room;
  while (fits > 0 && ((encoded[fits] ?? 0) & 0xc0) === 0x80) fits--;
  setBytes(bytes, part(encoded, 0, fits), start);
  return fits;
}

/** All of a text in bytes of its own. */
export function encodeWhole(host: Host, text: string): Uint8Array {
  if (text.length >= hostEncodeChars && text.length * 3 <= maxHostBytes) {
    const encoded = host("text.encode", text);
    if (encoded instanceof Uint8Array) return encoded;
  }
  const bytes = new Uint8Array(utf8ByteLength(text));
  writeUtf8(text, bytes, 0, bytes.length);
  return bytes;
}

function isLead(code: number): boolean {
  return (code & 0xfc00) === 0xd800;
}

function isTrail(code: number): boolean {
  return (code & 0xfc00) === 0xdc00;
}

function isSurrogate(code: number): boolean {
  return (code & 0xf800) === 0xd800;
}
