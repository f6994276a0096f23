/** The bounds of what is converted in one call. */
import { HostRefusal } from "./operations.ts";

/** Of one call, on either side; more comes in parts. */
const maxTextBytes = 16 * 1024 * 1024;
/** Of a host's name, whose form in ASCII takes time by the square of its length. */
const maxNameChars = 4096;

export function checkedBytes(bytes: unknown): Uint8Array<ArrayBuffer> {
  if (!(bytes instanceof Uint8Array) || !(bytes.buffer instanceof ArrayBuffer))
    throw new HostRefusal("ERR_INVALID_ARG_TYPE", "no bytes");
  if (bytes.byteLength > maxTextBytes) throw tooLarge();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its buffer was looked at above
  return bytes as Uint8Array<ArrayBuffer>;
}

export function checkedText(text: unknown): string {
  if (typeof text !== "string")
    throw new HostRefusal("ERR_INVALID_ARG_TYPE", "no text");
  if (text.length > maxTextBytes) throw tooLarge();
  return text;
}

export function checkedName(name: unknown): string {
  const text = checkedText(name);
  if (text.length > maxNameChars) throw tooLarge();
  return text;
}

function tooLarge(): HostRefusal {
  return new HostRefusal("ERR_TOO_LARGE", "more than is converted at once");
}
