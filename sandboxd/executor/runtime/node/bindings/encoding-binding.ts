/** UTF-8 for TextEncoder and TextDecoder, and the names of hosts in both their forms. */
import {
  readUtf8,
  readUtf8Strictly,
  encodeWhole,
  writeUtf8,
} from "../bytes/utf8.ts";
import {
  bytesOf,
  bytesOfAny,
  isBytes,
  lengthOf,
  nativeError,
  textOf,
} from "../bytes/views.ts";
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding({ host }: RealmParts): Exports {
  const encodeIntoResults = new Uint32Array(2);
  return {
    encodeIntoResults,
    encodeInto: (text: unknown, view: unknown) => {
      const bytes = bytesOf(view);
      const room = lengthOf(bytes);
      const { read, written } = writeUtf8(textOf(text), bytes, 0, room);
      encodeIntoResults[0] = read;
      encodeIntoResults[1] = written;
    },
    encodeUtf8String: (text: unknown) => encodeWhole(host, textOf(text)),
    decodeUTF8: (
      value: unknown,
      ignoresMark?: unknown,
      isFatal?: unknown,
    ): string => {
      if (!isBytes(value)) throw notBytes("list");
      const bytes = bytesOfAny(value);
      const end = lengthOf(bytes);
      const isMarked =
        ignoresMark !== true &&
        end >= 3 &&
        bytes[0] === 0xef &&
        bytes[1] === 0xbb &&
        bytes[2] === 0xbf;
      const start = isMarked ? 3 : 0;
      if (isFatal !== true) return readUtf8(host, bytes, start, end);
      const text = readUtf8Strictly(host, bytes, start, end);
      if (text === undefined) throw notUtf8();
      return text;
    },
    toASCII: (name: unknown) => host("text.toASCII", textOf(name)),
    toUnicode: (name: unknown) => host("text.toUnicode", textOf(name)),
  };
}

function notUtf8(): Error {
  return nativeError(
    TypeError,
    "ERR_ENCODING_INVALID_ENCODED_DATA",
    "The encoded data was not valid for encoding utf-8",
  );
}

function notBytes(name: string): Error {
  return nativeError(
    TypeError,
    "ERR_INVALID_ARG_TYPE",
    `The "${name}" argument must be an instance of SharedArrayBuffer, ArrayBuffer or ArrayBufferView.`,
  );
}
