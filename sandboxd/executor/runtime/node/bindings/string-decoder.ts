/** Texts that come in pieces: what is cut off at the end of one waits in a few bytes of state for the next. */
import {
  bytesOf,
  cut,
  fillBytes,
  lengthOf,
  part,
  setBytes,
} from "../bytes/views.ts";
import type { Exports, RealmParts } from "../realm.ts";

/** Where the state has what; Node's library reads and writes there too. */
const missingAt = 4;
const bufferedAt = 5;
const encodingAt = 6;
const maxCharacterBytes = 4;

type Slice = (bytes: Uint8Array, start?: number, end?: number) => string;
type Cut = (state: Uint8Array, bytes: Uint8Array) => void;

interface Codec {
  read: Slice;
  /** Notes in the state how much of the end must wait, and for how much; none where every byte is whole. */
  cutEnd?: Cut;
}

export function createBinding({ internalBinding }: RealmParts): Exports {
  const { encodings } = internalBinding("string_decoder");
  const names = Array.isArray(encodings) ? encodings.map(String) : [];
  const slices = internalBinding("buffer");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the binding next to this one
  const slice = (name: string) => slices[`${name}Slice`] as Slice;
  const codecs: Record<string, Codec> = {
    ascii: { read: slice("ascii") },
    latin1: { read: slice("latin1") },
    hex: { read: slice("hex") },
    utf8: { read: slice("utf8"), cutEnd: cutUtf8 },
    utf16le: { read: slice("ucs2"), cutEnd: cutUcs2 },
    base64: { read: slice("base64"), cutEnd: cutBase64 },
    base64url: { read: slice("base64url"), cutEnd: cutBase64 },
  };
  const codecOf = (state: Uint8Array): Codec => {
    const codec = codecs[names[state[encodingAt] ?? 0] ?? ""];
    if (!codec) throw new TypeError("no such encoding");
    return codec;
  };
  return {
    decode: (stateView: unknown, view: unknown) => {
      const state = bytesOf(stateView);
      const codec = codecOf(state);
      const bytes = bytesOf(view);
      return codec.cutEnd ? decode(state, codec, bytes) : codec.read(bytes);
    },
    flush: (stateView: unknown) => {
      const state = bytesOf(stateView);
      return flush(state, codecOf(state));
    },
  };
}

function decode(state: Uint8Array, codec: Codec, bytes: Uint8Array): string {
  const { text, rest } = finishCharacter(state, codec, bytes);
  const length = lengthOf(bytes);
  if (rest === length) return text;
  const body = rest === 0 ? bytes : part(bytes, rest, length);
  codec.cutEnd?.(state, body);
  const waiting = state[bufferedAt] ?? 0;
  const whole = length - rest - waiting;
  if (waiting > 0) setBytes(state, cut(body, whole, whole + waiting), 0);
  return text + codec.read(body, 0, whole);
}

/** Takes what a character that waits still misses; gives its text and where the rest begins. */
function finishCharacter(
  state: Uint8Array,
  codec: Codec,
  bytes: Uint8Array,
): { text: string; rest: number } {
  let missing = state[missingAt] ?? 0;
  if (missing === 0) return { text: "", rest: 0 };
  const length = lengthOf(bytes);
  if (codec.cutEnd === cutUtf8) missing = trailsAmong(bytes, missing);
  const taken = Math.min(missing, length);
  const buffered = state[bufferedAt] ?? 0;
  const room = Math.max(0, Math.min(taken, maxCharacterBytes - buffered));
  setBytes(state, part(bytes, 0, room), buffered);
  state[bufferedAt] = buffered + taken;
  state[missingAt] = missing - taken;
  if (state[missingAt] !== 0) return { text: "", rest: taken };
  const count = Math.min(buffered + taken, maxCharacterBytes);
  const text = codec.read(state, 0, count);
  state[bufferedAt] = 0;
  return { text, rest: taken };
}

/** How many bytes belong to the character, where a byte that cannot ends it early. */
function trailsAmong(bytes: Uint8Array, missing: number): number {
  const length = lengthOf(bytes);
  for (let at = 0; at < missing && at < length; at++)
    if (((bytes[at] ?? 0) & 0xc0) !== 0x80) return at;
  return missing;
}

function cutUtf8(state: Uint8Array, bytes: Uint8Array): void {
  const length = lengthOf(bytes);
  if ((bytes[length - 1] ?? 0) < 0x80) return;
  const most = Math.min(length, maxCharacterBytes);
  for (let back = 1; back <= most; back++) {
    const byte = bytes[length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const wanted = lengthBy(byte);
    if (back >= wanted) return;
    state[bufferedAt] = back;
    state[missingAt] = wanted - back;
    return;
  }
}

/** How many bytes a character has by its first one; 0 where it begins none. */
function lengthBy(first: number): number {
  if ((first & 0xe0) === 0xc0) return 2;
  if ((first & 0xf0) === 0xe0) return 3;
  return (first & 0xf8) === 0xf0 ? 4 : 0;
}

function cutUcs2(state: Uint8Array, bytes: Uint8Array): void {
  const length = lengthOf(bytes);
  let waiting = 0;
  if (length % 2 === 1) waiting = 1;
  else if (((bytes[length - 1] ?? 0) & 0xfc) === 0xd8) waiting = 2;
  state[bufferedAt] = waiting;
  state[missingAt] = waiting;
}

function cutBase64(state: Uint8Array, bytes: Uint8Array): void {
  const waiting = lengthOf(bytes) % 3;
  state[bufferedAt] = waiting;
  if (waiting > 0) state[missingAt] = 3 - waiting;
}

function flush(state: Uint8Array, codec: Codec): string {
  let buffered = state[bufferedAt] ?? 0;
  if (codec.cutEnd === cutUcs2) buffered -= buffered % 2;
  fillBytes(state, 0, missingAt, bufferedAt + 1);
  const count = Math.min(buffered, maxCharacterBytes);
  return count === 0 ? "" : codec.read(state, 0, count);
}
