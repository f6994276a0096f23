/** Bytes cross the wall as text of one char a byte. */
import { charCode, textOfCharCodes } from "./intrinsics.ts";

const Bytes = Uint8Array;
const subarray: (bytes: Uint8Array, start: number, end: number) => Uint8Array =
  Function.prototype.call.bind(Reflect.get(Bytes.prototype, "subarray"));
const chunkBytes = 8 * 1024;

export function bytesToText(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += chunkBytes) {
    const chunk = subarray(bytes, start, start + chunkBytes);
    text += textOfCharCodes(chunk);
  }
  return text;
}

export function textToBytes(text: string): Uint8Array {
  const bytes = new Bytes(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = charCode(text, i);
  return bytes;
}
