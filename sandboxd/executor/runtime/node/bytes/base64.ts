/** Base64 and hex with V8's own methods, and the leniency of Node where V8 has none. */
import { charCode, sliceText } from "../../intrinsics.ts";
import { part } from "./views.ts";

interface Base64Options {
  alphabet: "base64" | "base64url";
  omitPadding?: boolean;
  lastChunkHandling?: "loose" | "strict";
}

type Filled = { read: number; written: number };

// Of the language since 2025; the types do not have them yet.
const prototype = Uint8Array.prototype;
const toBase64: (bytes: Uint8Array, options: Base64Options) => string =
  Function.prototype.call.bind(Reflect.get(prototype, "toBase64"));
const setFromBase64: (
  bytes: Uint8Array,
  text: string,
  options: Base64Options,
) => Filled = Function.prototype.call.bind(
  Reflect.get(prototype, "setFromBase64"),
);
const toHex: (bytes: Uint8Array) => string = Function.prototype.call.bind(
  Reflect.get(prototype, "toHex"),
);
const setFromHex: (bytes: Uint8Array, text: string) => Filled =
  Function.prototype.call.bind(Reflect.get(prototype, "setFromHex"));
const fromBase64: (text: string) => Uint8Array = Reflect.get(
  Uint8Array,
  "fromBase64",
);

const alphabets = [
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
];
const none = 64;
/** What each char stands for in either alphabet. */
const sextets = new Uint8Array(256).fill(none);
for (const alphabet of alphabets)
  for (let at = 0; at < alphabet.length; at++)
    sextets[alphabet.charCodeAt(at)] = at;
const padding = 0x3d;

const standard: Base64Options = { alphabet: "base64" };
const forUrls: Base64Options = { alphabet: "base64url", omitPadding: true };
const loose: Base64Options = { alphabet: "base64", lastChunkHandling: "loose" };
const looseForUrls: Base64Options = { ...loose, alphabet: "base64url" };

export function readBase64(
  bytes: Uint8Array,
  start: number,
  end: number,
  isForUrls: boolean,
): string {
  return toBase64(part(bytes, start, end), isForUrls ? forUrls : standard);
}

export function readHex(bytes: Uint8Array, start: number, end: number): string {
  return toHex(part(bytes, start, end));
}

/** Writes what both alphabets make of it, passing over what is in neither; a padding ends it. */
export function writeBase64(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  isForUrls: boolean,
): number {
  if (text.length > shortChars && end - start >= (text.length * 3) >> 2)
    try {
      const options = isForUrls ? looseForUrls : loose;
      const target = part(bytes, start, end);
      const { read, written } = setFromBase64(target, text, options);
      if (read === text.length) return written;
    } catch {
      // Not of that alphabet alone.
    }
  return writeAnyBase64(text, bytes, start, end);
}

/** Where V8's method, which needs a view and a result object, is not worth its call. */
const shortChars = 48;

function writeAnyBase64(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  let to = start;
  let bits = 0;
  let collected = 0;
  for (let at = 0; at < text.length && to < end; at++) {
    // Node looks at the lower half of a wide char only.
    const code = charCode(text, at) & 0xff;
    if (code === padding) break;
    const sextet = sextets[code] ?? none;
    if (sextet === none) continue;
    collected = ((collected << 6) | sextet) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[to++] = collected >> bits;
  }
  return to - start;
}

/** Writes pairs of digits until one is none. */
export function writeHex(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  const pairs = Math.min(text.length >> 1, end - start);
  if (pairs > shortChars)
    try {
      const digits =
        pairs * 2 === text.length ? text : sliceText(text, 0, pairs * 2);
      return setFromHex(part(bytes, start, start + pairs), digits).written;
    } catch {
      // Some are no digits: up to there.
    }
  for (let pair = 0; pair < pairs; pair++) {
    // Here too Node looks at the lower half of a wide char.
    const high = digitOf(charCode(text, pair * 2) & 0xff);
    const low = digitOf(charCode(text, pair * 2 + 1) & 0xff);
    if (high < 0 || low < 0) return pair;
    bytes[start + pair] = (high << 4) | low;
  }
  return pairs;
}

function digitOf(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

const invalidCharacter = -2;
const oneLeft = -1;

/** The web's `atob`, or a number that says why not. */
export function decodeStrict(text: string): Uint8Array | number {
  try {
    return fromBase64(text);
  } catch {
    return reasonOf(text);
  }
}

function reasonOf(text: string): number {
  let digits = 0;
  let paddings = 0;
  for (let at = 0; at < text.length; at++) {
    const code = charCode(text, at);
    if (isSpace(code)) continue;
    if (code === padding) paddings++;
    else if (isDigit(code) && paddings === 0) digits++;
    else return invalidCharacter;
  }
  return digits % 4 === 1 && paddings <= 2 ? oneLeft : invalidCharacter;
}

function isDigit(code: number): boolean {
  const isOfUrls = code === 0x2d || code === 0x5f;
  return code < 256 && !isOfUrls && sextets[code] !== none;
}

function isSpace(code: number): boolean {
  return (
    code === 0x20 ||
    code === 0x09 ||
    code === 0x0a ||
    code === 0x0c ||
    code === 0x0d
  );
}
