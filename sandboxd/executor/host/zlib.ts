/**
 * Compression, by the executor's own Node. A guest holds numbers; the state behind each is bounded in what it takes, all of
 * them together too, and every step of work takes and gives a bounded piece.
 */
import zlib from "node:zlib";
import { HostRefusal, numberIn, type HostOperations } from "./operations.ts";
import {
  bytesHeldBy,
  checkedSettings,
  type StreamKind,
  type StreamSettings,
} from "./zlib-settings.ts";

/** Of one isolate; a program has one per body that it packs or unpacks now. */
const maxStreams = 256;
/** What all streams of one isolate may hold together, as bytesHeldBy counts it. */
const maxHeldBytes = 64 * 1024 * 1024;
/** Of one step, in and out; the isolate's side cuts at the same. */
const maxStepBytes = 256 * 1024;
const maxChecksumBytes = 1024 * 1024;

/** The binding's own stream, under the public class that made it. */
interface NativeStream {
  writeSync: (
    flush: number,
    input: Uint8Array | null,
    inputStart: number,
    inputLength: number,
    output: Uint8Array,
    outputStart: number,
    outputLength: number,
  ) => void;
  params: (level: number, strategy: number) => void;
  reset: () => void;
  close: () => void;
}

interface Stream {
  readonly kind: StreamKind;
  readonly settings: StreamSettings;
  readonly native: NativeStream;
  /** What is left of output and of input after a step. */
  readonly left: Uint32Array;
  takenBytes: number;
  givenBytes: number;
  heldBytes: number;
  failure: StreamFailure | undefined;
}

/** As Node's binding tells it: message, number and code. */
type StreamFailure = [message: string, errno: number, code: string];

export function zlibOperations(): HostOperations {
  const streams = new Map<unknown, Stream>();
  const scratch = new Uint8Array(maxStepBytes);
  let lastStream = 0;
  let heldBytes = 0;

  const hold = (stream: Stream) => {
    const now = bytesHeldBy(stream);
    if (heldBytes - stream.heldBytes + now > maxHeldBytes) return false;
    heldBytes += now - stream.heldBytes;
    stream.heldBytes = now;
    return true;
  };
  const find = (id: unknown) => {
    const stream = streams.get(id);
    if (stream) return stream;
    throw new HostRefusal("ERR_INVALID_STATE", "zlib binding closed");
  };
  const drop = (id: unknown) => {
    const stream = streams.get(id);
    if (!stream) return;
    streams.delete(id);
    heldBytes -= stream.heldBytes;
    stream.native.close();
  };
  const failureOf = (stream: Stream, work: () => void) => {
    stream.failure = undefined;
    work();
    return stream.failure;
  };

  return {
    /** Makes a stream and gives its number. */
    "zlib.open": (mode, given) => {
      if (streams.size >= maxStreams)
        throw limitError(`more than ${maxStreams} zlib streams open at once`);
      const stream = openStream(checkedSettings(mode, given));
      if (!hold(stream)) {
        stream.native.close();
        throw limitError(heldWords);
      }
      lastStream++;
      streams.set(lastStream, stream);
      return lastStream;
    },
    /** One step: what came out, what is left of room and of input, and what went wrong. */
    "zlib.write": (id, flush, input, room) => {
      const stream = find(id);
      const bytes = checkedInput(input, maxStepBytes);
      const roomBytes = checkedRoom(room);
      stream.takenBytes += bytes.length;
      stream.givenBytes += roomBytes;
      if (!hold(stream)) return [[heldWords, memoryErrno, "Z_MEM_ERROR"]];
      const failure = failureOf(stream, () =>
        stream.native.writeSync(
          checkedFlush(stream.kind, flush),
          bytes,
          0,
          bytes.length,
          scratch,
          0,
          roomBytes,
        ),
      );
      if (failure) return [failure];
      const [roomLeft = 0, inputLeft = 0] = stream.left;
      stream.takenBytes -= inputLeft;
      stream.givenBytes -= roomLeft;
      const output = scratch.slice(0, roomBytes - roomLeft);
      return [undefined, output, roomLeft, inputLeft];
    },
    "zlib.params": (id, level, strategy) => {
      const stream = find(id);
      return failureOf(stream, () =>
        stream.native.params(numberIn(level), numberIn(strategy)),
      );
    },
    "zlib.reset": (id) => {
      const stream = find(id);
      return failureOf(stream, () => stream.native.reset());
    },
    "zlib.close": drop,
    "zlib.crc32": (bytes, value) =>
      zlib.crc32(checkedInput(bytes, maxChecksumBytes), numberIn(value)),
  };
}

const heldWords = `zlib streams hold more than ${maxHeldBytes} bytes together`;
const memoryErrno = zlib.constants.Z_MEM_ERROR;

function openStream({
  kind,
  settings,
}: {
  kind: StreamKind;
  settings: StreamSettings;
}): Stream {
  // The public class checks its options, and its insides are the binding's own.
  const made: unknown = new classes[kind](settings);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the pinned Node, as its own library uses them
  const { _handle: native, _writeState: left } = made as {
    _handle: NativeStream;
    _writeState: Uint32Array;
  };
  const stream: Stream = {
    kind,
    settings,
    native,
    left,
    takenBytes: 0,
    givenBytes: 0,
    heldBytes: 0,
    failure: undefined,
  };
  Object.assign(native, {
    onerror: (...failure: StreamFailure) => {
      stream.failure = failure;
    },
  });
  return stream;
}

const classes: Record<StreamKind, new (settings: StreamSettings) => object> = {
  deflate: zlib.Deflate,
  inflate: zlib.Inflate,
  gzip: zlib.Gzip,
  gunzip: zlib.Gunzip,
  deflateRaw: zlib.DeflateRaw,
  inflateRaw: zlib.InflateRaw,
  unzip: zlib.Unzip,
  brotliDecode: zlib.BrotliDecompress,
  brotliEncode: zlib.BrotliCompress,
  zstdCompress: zlib.ZstdCompress,
  zstdDecompress: zlib.ZstdDecompress,
};

function limitError(message: string): HostRefusal {
  return new HostRefusal("ERR_ANNEX_LIMIT", message);
}

function checkedInput(input: unknown, maxBytes: number): Uint8Array {
  if (input === undefined) return noBytes;
  if (input instanceof Uint8Array && input.length <= maxBytes) return input;
  throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no piece of bytes");
}

const noBytes = new Uint8Array(0);

/** Of any other, Node's binding makes an end of the process, or brotli never comes to one. */
function checkedFlush(kind: StreamKind, given: unknown): number {
  const flush = numberIn(given);
  const isFlush = Number.isSafeInteger(flush) && flush >= 0;
  if (isFlush && flush <= lastFlush(kind)) return flush;
  throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no kind of flush");
}

function lastFlush(kind: StreamKind): number {
  const { constants } = zlib;
  if (kind.startsWith("brotli"))
    return constants.BROTLI_OPERATION_EMIT_METADATA;
  return kind.startsWith("zstd") ? constants.ZSTD_e_end : constants.Z_BLOCK;
}

function checkedRoom(room: unknown): number {
  const isRoom = Number.isSafeInteger(room) && Number(room) >= 0;
  if (isRoom && Number(room) <= maxStepBytes) return Number(room);
  throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no room for output");
}
