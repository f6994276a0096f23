/** Encodings of one or two bytes a char: latin1, ascii, ucs2. */
import { charCode } from "../../intrinsics.ts";
import type { Host } from "../realm.ts";
import { decodeByHost, maxHostBytes } from "./utf8.ts";
import { cut, part, textOfCodes } from "./views.ts";

/** From here on a call to the host is cheaper than a loop here. */
const hostBytes = 2048;

/** Large parts are decoded by the host, small ones as the codes that they are. */
export function readLatin1(
  host: Host,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  if (end - start < hostBytes) return textOfCodes(part(bytes, start, end));
  return readByHost(host, bytes, start, end, "latin1");
}

export function readAscii(
  host: Host,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  if (end - start >= hostBytes)
    return readByHost(host, bytes, start, end, "ascii");
  const codes: number[] = [];
  for (let at = start; at < end; at++) codes.push((bytes[at] ?? 0) & 0x7f);
  return textOfCodes(codes);
}

/** A last byte without its second is left out. */
export function readUcs2(
  host: Host,
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  const whole = end - ((end - start) & 1);
  if (whole - start >= hostBytes)
    return readByHost(host, bytes, start, whole, "utf16le");
  const codes: number[] = [];
  for (let at = start; at < whole; at += 2)
    codes.push((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8));
  return textOfCodes(codes);
}

function readByHost(
  host: Host,
  bytes: Uint8Array,
  start: number,
  end: number,
  encoding: string,
): string {
  let text = "";
  for (let from = start; from < end; from += maxHostBytes) {
    const to = Math.min(from + maxHostBytes, end);
    text += decodeByHost(host, cut(bytes, from, to), encoding);
  }
  return text;
}

/** The lower half of each char. */
export function writeLatin1(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const count = Math.min(text.length, end - start);
  for (let at = 0; at < count; at++) bytes[start + at] = charCode(text, at);
  return count;
}

export function writeUcs2(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const count = Math.min(text.length, (end - start) >> 1);
  for (let at = 0; at < count; at++) {
    const code = charCode(text, at);
    bytes[start + at * 2] = code;
    bytes[start + at * 2 + 1] = code >> 8;
  }
  return count * 2;
}
