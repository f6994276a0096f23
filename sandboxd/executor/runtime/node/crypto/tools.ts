/** What the parts of the binding `crypto` share: bytes in and out of the isolate, and work for later. */
import { bytesOfAny, cut, lengthOf, nativeError } from "../bytes/views.ts";
import type { Exports, Host, RealmParts } from "../realm.ts";

export interface Tools {
  readonly host: Host;
  readonly parts: RealmParts;
  /** A copy with memory of its own: of a view, a whole ArrayBuffer, or text. */
  readonly copy: (
    value: unknown,
    encoding?: unknown,
  ) => Uint8Array<ArrayBuffer>;
  /** As Node's Buffer, over the same memory. */
  readonly buffer: (bytes: unknown) => Uint8Array<ArrayBuffer>;
  readonly normalEncoding: (encoding: unknown) => string | undefined;
  /** A number nothing else in this isolate has. */
  readonly nextId: () => number;
}

const Bytes = Uint8Array;

type Construct = new (...parameters: unknown[]) => Uint8Array<ArrayBuffer>;
type FromText = (text: string, encoding: string) => Uint8Array;
type Normalize = (encoding: unknown) => string | undefined;

export function createTools(parts: RealmParts): Tools {
  let lastId = 0;
  // oxlint-disable typescript/no-unsafe-type-assertion -- parts of Node's own library
  const Fast = parts.require("internal/buffer")["FastBuffer"] as Construct;
  const { Buffer } = parts.require("buffer") as { Buffer: { from: FromText } };
  const fromText = Buffer.from;
  const normalize = parts.require("internal/util")[
    "normalizeEncoding"
  ] as Normalize;
  // oxlint-enable typescript/no-unsafe-type-assertion

  const copy = (value: unknown, encoding?: unknown) => {
    const given =
      typeof value === "string"
        ? fromText(value, normalEncoding(encoding) ?? "utf8")
        : value;
    const bytes = viewOf(given);
    return cut(bytes, 0, lengthOf(bytes));
  };
  const normalEncoding = (encoding: unknown) =>
    typeof encoding === "string" ? normalize(encoding) : undefined;
  return {
    host: parts.host,
    parts,
    copy,
    buffer: (bytes) => new Fast(bufferOf(bytes)),
    normalEncoding,
    nextId: () => ++lastId,
  };
}

/** Of memory that was taken away nothing is left, and Node takes it for empty. */
function viewOf(value: unknown): Uint8Array {
  try {
    const bytes = bytesOfAny(value);
    return lengthOf(bytes) === 0 ? new Bytes(0) : bytes;
  } catch (thrown) {
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
      return new Bytes(0);
    throw thrown;
  }
}

/** What the host answers with is alone in its memory. */
export function bufferOf(bytes: unknown): ArrayBuffer {
  if (!(bytes instanceof Bytes)) throw new TypeError("no bytes came back");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- there is no shared memory in this isolate
  return bytes.buffer as ArrayBuffer;
}

/** What Node's library leaves out it hands over as one thing or another. */
export function maybeNumber(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

export function maybeText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export function invalidState(message: string): Error {
  return nativeError(Error, "ERR_CRYPTO_INVALID_STATE", message);
}

export type Members = Exports;
