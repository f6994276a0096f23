/** Text into bytes and back, where a loop inside the isolate would take longer than the way out and back. */
import { HostRefusal, type HostOperations } from "./host-calls.ts";

/** Of one call, on either side; more comes in parts. */
const maxTextBytes = 16 * 1024 * 1024;

type Encoding = "utf8" | "latin1" | "ascii" | "utf16le";

export function textOperations(): HostOperations {
  return {
    "text.decode": (bytes, encoding) => {
      const { buffer, byteOffset, byteLength } = checkedBytes(bytes);
      return Buffer.from(buffer, byteOffset, byteLength).toString(
        checkedEncoding(encoding),
      );
    },
    "text.encode": (text) => {
      const encoded = Buffer.from(checkedText(text));
      // With a buffer of its own, for all of that is copied.
      return encoded.byteLength === encoded.buffer.byteLength
        ? new Uint8Array(encoded.buffer)
        : new Uint8Array(encoded);
    },
  };
}

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

function checkedEncoding(encoding: unknown): Encoding {
  switch (encoding) {
    case "utf8":
    case "latin1":
    case "ascii":
    case "utf16le":
      return encoding;
    default:
      throw new HostRefusal("ERR_UNKNOWN_ENCODING", "no such encoding");
  }
}

function tooLarge(): HostRefusal {
  return new HostRefusal("ERR_TOO_LARGE", "more than is converted at once");
}
