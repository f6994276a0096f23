/** Bytes cross the wall as text of one char a byte; what is long is made by the host, who copies faster than a loop here. */
import { charCode, sliceText, textOfCharCodes } from "./intrinsics.ts";
import { cut, lengthOf, part, setBytes } from "./node/bytes/views.ts";
import type { Host } from "./node/realm.ts";

const Bytes = Uint8Array;
/** From here on a call to the host is cheaper. */
const hostBytes = 4 * 1024;
/** At a time: beyond what a processor has at hand, copies were measured to take three times as long. */
const pieceBytes = 64 * 1024;

export function bytesToText(host: Host, bytes: Uint8Array): string {
  const length = lengthOf(bytes);
  if (length === 0) return "";
  if (length < hostBytes) return textOfCharCodes(part(bytes, 0, length));
  let text = "";
  for (let at = 0; at < length; at += pieceBytes) {
    const end = at + pieceBytes < length ? at + pieceBytes : length;
    const piece = host("text.decode", cut(bytes, at, end), "latin1");
    if (typeof piece === "string") text += piece;
  }
  return text;
}

export function textToBytes(host: Host, text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  const bytes = new Bytes(length);
  if (length < hostBytes)
    for (let at = 0; at < length; at++) bytes[at] = charCode(text, at);
  else
    for (let at = 0; at < length; at += pieceBytes) {
      const piece = host("text.bytes", sliceText(text, at, at + pieceBytes));
      if (piece instanceof Bytes) setBytes(bytes, piece, at);
    }
  return bytes;
}
