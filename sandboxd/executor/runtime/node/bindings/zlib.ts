/** What Node's `zlib` stands on: a class for each kind of compressed stream, and a checksum. */
import { compressionClass, pieceOf } from "../compression/stream.ts";
import type { Exports, RealmParts } from "../realm.ts";

const maxChecksumBytes = 1024 * 1024;
const modes = {
  BrotliDecoder: 8,
  BrotliEncoder: 9,
  ZstdCompress: 10,
  ZstdDecompress: 11,
} as const;
/** What Node puts where a parameter was not given. */
const notGiven = 0xffff_ffff;

export function createBinding(parts: RealmParts): Exports {
  const { host, require } = parts;
  const CompressionStream = compressionClass(parts);

  class Zlib extends CompressionStream {
    init(
      windowBits: number,
      level: number,
      memLevel: number,
      strategy: number,
      left: Uint32Array,
      done: () => void,
      dictionary?: ArrayBufferView,
      rejectsGarbage?: boolean,
    ): void {
      this.level(level);
      this.open({
        left,
        done,
        settings: {
          windowBits,
          level,
          memLevel,
          strategy,
          dictionary: bytesOf(dictionary),
          rejectsGarbage: rejectsGarbage === true,
        },
      });
    }

    params(level: number, strategy: number): void {
      this.level(level);
      this.change(level, strategy);
    }
  }

  /** Those whose parameters are a list, and stay as they are. */
  class Listed extends CompressionStream {
    params(): void {}

    begin(
      params: Uint32Array,
      left: Uint32Array,
      done: () => void,
      settings: {
        dictionary?: ArrayBufferView | undefined;
        pledgedSrcSize?: number | undefined;
        rejectsGarbage?: boolean | undefined;
      },
    ): void {
      const { dictionary, rejectsGarbage = false, pledgedSrcSize } = settings;
      this.open({
        left,
        done,
        settings: {
          params: given(params),
          dictionary: bytesOf(dictionary),
          pledgedSrcSize,
          rejectsGarbage,
        },
      });
    }
  }

  class Brotli extends Listed {
    init(
      params: Uint32Array,
      left: Uint32Array,
      done: () => void,
      dictionary?: ArrayBufferView,
    ): void {
      this.begin(params, left, done, { dictionary });
    }
  }

  class Zstd extends Listed {
    init(
      params: Uint32Array,
      pledgedSrcSize: number | undefined,
      left: Uint32Array,
      done: () => void,
      dictionary?: ArrayBufferView,
      rejectsGarbage?: boolean,
    ): void {
      this.begin(params, left, done, {
        dictionary,
        pledgedSrcSize,
        rejectsGarbage,
      });
    }
  }

  return {
    Zlib,
    BrotliEncoder: class BrotliEncoder extends Brotli {
      constructor() {
        super(modes.BrotliEncoder);
      }
    },
    BrotliDecoder: class BrotliDecoder extends Brotli {
      constructor() {
        super(modes.BrotliDecoder);
      }
    },
    ZstdCompress: class ZstdCompress extends Zstd {
      constructor() {
        super(modes.ZstdCompress);
      }
    },
    ZstdDecompress: class ZstdDecompress extends Zstd {
      constructor() {
        super(modes.ZstdDecompress);
      }
    },
    crc32: (data: string | ArrayBufferView, value: number) => {
      const view = typeof data === "string" ? utf8(data) : data;
      let sum = value;
      for (let at = 0; at < view.byteLength; at += maxChecksumBytes) {
        const length = Math.min(view.byteLength - at, maxChecksumBytes);
        sum = Number(host("zlib.crc32", pieceOf(view, at, length), sum));
      }
      return sum;
    },
  };

  function utf8(text: string): Uint8Array {
    const { Buffer } = require("buffer");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own class
    return (Buffer as { from(text: string): Uint8Array }).from(text);
  }
}

function bytesOf(view: ArrayBufferView | undefined): Uint8Array | undefined {
  return view && (pieceOf(view, 0, view.byteLength) ?? new Uint8Array(0));
}

/** Keys and values in turn. */
function given(params: Uint32Array): number[] {
  const flat: number[] = [];
  params.forEach((value, key) => {
    if (value !== notGiven) flat.push(key, value | 0);
  });
  return flat;
}
