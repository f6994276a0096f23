/** What a guest may ask of a compressed stream, and what that holds in memory. */
import { constants } from "node:zlib";
import { HostRefusal, numberIn as numberOf } from "./operations.ts";

export type StreamKind = (typeof kinds)[number];

/** Of Node's public classes. */
export interface StreamSettings {
  chunkSize: number;
  windowBits?: number;
  level?: number;
  memLevel?: number;
  strategy?: number;
  dictionary?: Uint8Array;
  rejectGarbageAfterEnd?: boolean;
  params?: Record<number, number>;
  pledgedSrcSize?: number;
}

/** By the numbers of Node's binding, which begin at one. */
const kinds = [
  "deflate",
  "inflate",
  "gzip",
  "gunzip",
  "deflateRaw",
  "inflateRaw",
  "unzip",
  "brotliDecode",
  "brotliEncode",
  "zstdCompress",
  "zstdDecompress",
] as const;

const maxDictionaryBytes = 1024 * 1024;
const maxParams = 64;
/** Blocks of more are packed in one step, at some hundred kilobytes a second. */
const maxBrotliBlockBits = 18;
/** Above, the best qualities of brotli and zstd would hold hundreds of megabytes. */
const maxBestWindowBits = 22;
const maxZstdWindowBits = 23;
const maxZstdTableBits = 22;
/** HTTP allows windows of 8 MiB in zstd; this is twice that. */
const maxZstdReadWindowBits = 24;
const bestBrotliQuality = 10;
/** zstd's own tables by level, for inputs of unknown length: bits of window, chain and hash. */
const zstdTables: readonly (readonly [number, number, number])[] = [
  [21, 16, 17],
  [19, 13, 14],
  [20, 15, 16],
  [21, 16, 17],
  [21, 18, 18],
  [21, 18, 19],
  [21, 18, 19],
  [21, 19, 20],
  [21, 19, 20],
  [22, 20, 21],
  [22, 21, 22],
  [22, 21, 22],
];
const kib = 1024;

/** The kind and the settings of a stream to be made; refuses what is none, and bounds what would hold too much. */
export function checkedSettings(
  mode: unknown,
  given: unknown,
): { kind: StreamKind; settings: StreamSettings } {
  const kind = kinds[numberOf(mode) - 1];
  if (!kind || typeof given !== "object" || given === null)
    throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no kind of stream");
  const settings: StreamSettings = {
    // The isolate brings room for output of its own.
    chunkSize: constants.Z_MIN_CHUNK,
    ...numberIn(given, "windowBits"),
    ...numberIn(given, "level"),
    ...numberIn(given, "memLevel"),
    ...numberIn(given, "strategy"),
    ...numberIn(given, "pledgedSrcSize"),
    ...dictionaryIn(given),
    ...(Reflect.get(given, "rejectsGarbage") === true && {
      rejectGarbageAfterEnd: true,
    }),
  };
  const params = paramsIn(given);
  if (params) settings.params = params;
  bound(kind, (settings.params ??= {}));
  return { kind, settings };
}

function numberIn(
  given: object,
  name: "windowBits" | "level" | "memLevel" | "strategy" | "pledgedSrcSize",
): Partial<Record<typeof name, number>> {
  const value: unknown = Reflect.get(given, name);
  return typeof value === "number" ? { [name]: value } : {};
}

function dictionaryIn(given: object): { dictionary?: Uint8Array } {
  const dictionary: unknown = Reflect.get(given, "dictionary");
  if (dictionary === undefined) return {};
  if (
    dictionary instanceof Uint8Array &&
    dictionary.length <= maxDictionaryBytes
  )
    return { dictionary };
  throw new HostRefusal("ERR_ANNEX_LIMIT", "the dictionary is too long");
}

/** Keys and values in turn. */
function paramsIn(given: object): Record<number, number> | undefined {
  const flat: unknown = Reflect.get(given, "params");
  if (!Array.isArray(flat) || flat.length > 2 * maxParams) return undefined;
  const params: Record<number, number> = {};
  for (let at = 0; at + 1 < flat.length; at += 2)
    params[numberOf(flat[at])] = numberOf(flat[at + 1]);
  return params;
}

/** Lowers what holds most: the output is another than Node's own then, and as good. */
function bound(kind: StreamKind, params: Record<number, number>): void {
  if (kind === "brotliEncode") boundBrotli(params);
  if (kind === "zstdCompress") boundZstd(params);
  if (kind === "brotliDecode")
    params[constants.BROTLI_DECODER_PARAM_LARGE_WINDOW] = 0;
  if (kind === "zstdDecompress")
    lower(params, constants.ZSTD_d_windowLogMax, maxZstdReadWindowBits, true);
}

function boundBrotli(params: Record<number, number>): void {
  const quality =
    params[constants.BROTLI_PARAM_QUALITY] ?? constants.BROTLI_DEFAULT_QUALITY;
  params[constants.BROTLI_PARAM_LARGE_WINDOW] = 0;
  lower(params, constants.BROTLI_PARAM_LGBLOCK, maxBrotliBlockBits);
  if (quality >= bestBrotliQuality)
    lower(params, constants.BROTLI_PARAM_LGWIN, maxBestWindowBits);
}

function boundZstd(params: Record<number, number>): void {
  const [window, chain, hash] = zstdTableOf(params);
  lower(
    params,
    constants.ZSTD_c_windowLog,
    maxZstdWindowBits,
    window > maxZstdWindowBits,
  );
  lower(
    params,
    constants.ZSTD_c_chainLog,
    maxZstdTableBits,
    chain > maxZstdTableBits,
  );
  lower(
    params,
    constants.ZSTD_c_hashLog,
    maxZstdTableBits,
    hash > maxZstdTableBits,
  );
  const ldmHashLog: number = constants.ZSTD_c_ldmHashLog;
  lower(params, ldmHashLog, maxZstdTableBits);
}

function zstdTableOf(
  params: Record<number, number>,
): readonly [number, number, number] {
  const level = params[constants.ZSTD_c_compressionLevel] ?? 0;
  return zstdTables[Math.max(0, level)] ?? [27, 27, 25];
}

function lower(
  params: Record<number, number>,
  key: number,
  most: number,
  isSet = false,
): void {
  const value = params[key];
  if (value === undefined ? isSet : value > most) params[key] = most;
}

/** About what a stream holds now: the most of what it could hold grows with what went through it. */
export function bytesHeldBy({
  kind,
  settings,
  takenBytes,
  givenBytes,
}: {
  kind: StreamKind;
  settings: StreamSettings;
  takenBytes: number;
  givenBytes: number;
}): number {
  const { windowBits = 15, memLevel = 8, params = {} } = settings;
  switch (kind) {
    case "inflate":
    case "gunzip":
    case "inflateRaw":
    case "unzip":
      return 64 * kib;
    case "deflate":
    case "gzip":
    case "deflateRaw":
      return 2 ** (windowBits + 2) + 2 ** (memLevel + 9) + 64 * kib;
    case "brotliDecode":
      return 256 * kib + Math.min(2 * givenBytes, 2 ** 25);
    case "zstdDecompress":
      return 256 * kib + Math.min(2 * givenBytes, 2 ** 25);
    case "brotliEncode": {
      const window = 2 ** (params[constants.BROTLI_PARAM_LGWIN] ?? 22);
      return 1024 * kib + 10 * Math.min(takenBytes, window);
    }
    case "zstdCompress": {
      const [windowLog, chainLog, hashLog] = zstdTableOf(params);
      const window = params[constants.ZSTD_c_windowLog] ?? windowLog;
      const chain = params[constants.ZSTD_c_chainLog] ?? chainLog;
      const hash = params[constants.ZSTD_c_hashLog] ?? hashLog;
      const tables = 4 * (2 ** chain + 2 ** hash);
      return 1024 * kib + 2 ** window + tables;
    }
  }
}
