/** Takes the codings off an answer's body as it comes, with a bound on the memory that each coding may ask for. */
import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from "node:zlib";
import { failed } from "./problem.ts";

/** What is asked for: their windows are small, where brotli's may be 16 MiB for each answer. */
export const acceptedCodings = "gzip, deflate";

const maxCodings = 5;
/** zstd's windows, as RFC 9659 bounds them for HTTP: 8 MiB. */
const maxZstdWindowLog = 23;
/** Of what waits inside a decoder, on either side. */
const chunkSize = 16 * 1024;
const bounds = { chunkSize, highWaterMark: chunkSize };

type Bytes = AsyncIterable<Buffer>;

/** The codings in the order they were put on; throws where there are too many. Unknown ones: undefined, nothing is decoded. */
export function codingsOf(header: string): string[] | undefined {
  const codings = header
    .split(",")
    .map((coding) => coding.trim().toLowerCase())
    .filter((coding) => coding !== "" && coding !== "identity");
  if (codings.length > maxCodings)
    throw failed(`an answer may be compressed ${maxCodings} times`);
  return codings.every((coding) => known.has(coding)) ? codings : undefined;
}

const known = new Set(["gzip", "x-gzip", "deflate", "br", "zstd"]);

/** How many of the codings have large windows. */
export function largeWindows(codings: readonly string[]): number {
  return codings.filter((coding) => coding === "br" || coding === "zstd")
    .length;
}

/** The body as it was before the codings were put on. */
export function decode(body: Bytes, codings: readonly string[]): Bytes {
  return codings.reduceRight<Bytes>(
    (source, coding) => decoded(source, coding),
    body,
  );
}

async function* decoded(source: Bytes, coding: string): Bytes {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const decoder = decoderOf(coding, first.value);
  const fed = pipeline(whole(first.value, iterator), decoder);
  fed.catch(() => undefined); // seen below
  try {
    const bytes: Bytes = decoder;
    yield* bytes;
    await fed;
  } finally {
    decoder.destroy();
  }
}

async function* whole(first: Buffer, rest: AsyncIterator<Buffer>): Bytes {
  try {
    yield first;
    for (;;) {
      const next = await rest.next();
      if (next.done) return;
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

function decoderOf(coding: string, first: Buffer): Transform {
  // A body that ends early is passed on as far as it came, as browsers do.
  const lenient = {
    ...bounds,
    flush: constants.Z_SYNC_FLUSH,
    finishFlush: constants.Z_SYNC_FLUSH,
  };
  switch (coding) {
    case "deflate":
      // Some servers send it without zlib's header, whose first byte names the method.
      return ((first[0] ?? 0) & 0x0f) === 0x08
        ? createInflate(lenient)
        : createInflateRaw(lenient);
    case "br":
      return createBrotliDecompress({
        ...bounds,
        flush: constants.BROTLI_OPERATION_FLUSH,
        finishFlush: constants.BROTLI_OPERATION_FLUSH,
      });
    case "zstd":
      return createZstdDecompress({
        ...bounds,
        params: { [constants.ZSTD_d_windowLogMax]: maxZstdWindowLog },
      });
    default:
      return createGunzip(lenient);
  }
}
