/** Text into bytes and back, where a loop inside the isolate would take longer than the way out and back. */
import { isUtf8, transcode, type TranscodeEncoding } from "node:buffer";
import { domainToASCII, domainToUnicode } from "node:url";
import { HostRefusal, type HostOperations } from "./operations.ts";
import { checkedBytes, checkedName, checkedText } from "./text-checks.ts";
import { converterOperations } from "./text-converters.ts";

/** The operations of one isolate. */
export function textOperations(): HostOperations {
  return {
    "text.decode": (bytes, encoding) => decode(checkedBytes(bytes), encoding),
    "text.bytes": (text) => ofItsOwn(Buffer.from(checkedText(text), "latin1")),
    "text.encode": (text) => ofItsOwn(Buffer.from(checkedText(text))),
    "text.transcode": (bytes, from, to) => {
      const source = checkedBytes(bytes);
      if (!isTranscodable(from) || !isTranscodable(to))
        return "U_ILLEGAL_ARGUMENT_ERROR";
      return transcoded(source, from, to);
    },
    "text.toASCII": (name) => toAscii(checkedName(name)),
    "text.toUnicode": (name) =>
      checkedName(name).split(".").map(labelToUnicode).join("."),
    ...converterOperations(),
  };
}

function decode(
  bytes: Uint8Array<ArrayBuffer>,
  encoding: unknown,
): string | undefined {
  const { buffer, byteOffset, byteLength } = bytes;
  const view = Buffer.from(buffer, byteOffset, byteLength);
  switch (encoding) {
    case "utf8":
    case "latin1":
    case "ascii":
    case "utf16le":
      return view.toString(encoding);
    case "utf8-strict":
      return isUtf8(view) ? view.toString("utf8") : undefined;
    default:
      throw new HostRefusal("ERR_UNKNOWN_ENCODING", "no such encoding");
  }
}

/** Bytes with a buffer of their own, for all of that is copied to the guest. */
function ofItsOwn(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength
    ? new Uint8Array(bytes.buffer)
    : new Uint8Array(bytes);
}

const transcodable: ReadonlySet<unknown> = new Set<TranscodeEncoding>([
  "ascii",
  "latin1",
  "binary",
  "ucs2",
  "utf16le",
  "utf8",
]);

function isTranscodable(encoding: unknown): encoding is TranscodeEncoding {
  return transcodable.has(encoding);
}

/** The bytes, or ICU's name for why there are none. */
function transcoded(
  source: Uint8Array,
  from: TranscodeEncoding,
  to: TranscodeEncoding,
): Uint8Array | string {
  try {
    return ofItsOwn(transcode(source, from, to));
  } catch (error) {
    return error instanceof Error ? String(Reflect.get(error, "code")) : "";
  }
}

/** What no host in a URL may have in it; an older kind of parser asks all the same. */
// oxlint-disable-next-line no-control-regex -- those too
const forbidden = /[\0-\x20#%/:<>?@[\\\]^|\x7f]/;
/** Behind a last label that is no number, nothing is taken for an address. */
const suffix = ".a";

function toAscii(name: string): string {
  if (forbidden.test(name)) return name.toLowerCase();
  return withoutSuffix(domainToASCII(name + suffix));
}

function labelToUnicode(label: string): string {
  if (!label.startsWith("xn--") || forbidden.test(label)) return label;
  return withoutSuffix(domainToUnicode(label + suffix)) || label;
}

function withoutSuffix(name: string): string {
  return name.slice(0, -suffix.length);
}
