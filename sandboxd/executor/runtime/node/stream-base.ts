/**
 * What the handles of Node's streams have in common: writes in each encoding, and the words in which it is told what was
 * written and what was read.
 */
import type { RealmParts } from "./realm.ts";

/** Of a write that is under way, or of whatever else a handle is asked for. */
export interface Request {
  writeStatus?: number | null;
  handle?: unknown;
  oncomplete?: (...news: unknown[]) => void;
}

/** The JavaScript object that a handle belongs to. */
export interface Owner {
  _handle: unknown;
  destroy: (error?: unknown) => void;
}

export interface StreamTools {
  encode: (text: string, encoding: string) => Uint8Array;
  newAsyncId: () => number;
  ownerOf: (handle: object) => Owner | undefined;
  newWrite: () => Request;
  /** Says of the last write how long it was, and whether it failed at once. */
  say: (length: number, status: number) => void;
  /** Says of a read how many bytes it gave, or why it gave none. */
  tellRead: (status: number) => void;
}

export function createStreamTools(parts: RealmParts): StreamTools {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- stream-wrap.ts gives it
  const words = parts.internalBinding("stream_wrap") as unknown as {
    kReadBytesOrError: number;
    kArrayBufferOffset: number;
    kBytesWritten: number;
    kLastWriteErr: number;
    streamBaseState: Int32Array;
    WriteWrap: new () => Request;
  };
  const state = words.streamBaseState;
  return {
    encode: (text, encoding) => {
      const { Buffer } = parts.require("buffer");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
      const { from } = Buffer as {
        from: (text: string, encoding: string) => Uint8Array;
      };
      return from(text, encoding);
    },
    newAsyncId: () => {
      const { newAsyncId: create } = parts.require("internal/async_hooks");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
      return (create as () => number)();
    },
    ownerOf: (handle) => {
      const { symbols } = parts.require("internal/async_hooks");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
      const { owner_symbol: symbol } = symbols as Record<string, symbol>;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- net.js puts it there
      return symbol && (Reflect.get(handle, symbol) as Owner | undefined);
    },
    newWrite: () => new words.WriteWrap(),
    say: (length, status) => {
      state[words.kBytesWritten] = length;
      state[words.kLastWriteErr] = status;
    },
    tellRead: (status) => {
      state[words.kReadBytesOrError] = status;
      state[words.kArrayBufferOffset] = 0;
    },
  };
}

export abstract class StreamBase {
  onread: ((bytes?: ArrayBuffer) => unknown) | undefined;
  reading = false;
  bytesRead = 0;
  bytesWritten = 0;
  readonly isStreamBase = true;
  readonly fd = -1;
  readonly #tools: StreamTools;
  readonly #asyncId: number;
  #userBuffer: Uint8Array | undefined;

  constructor(tools: StreamTools) {
    this.#tools = tools;
    this.#asyncId = tools.newAsyncId();
  }

  /** Gives the request, or the number of an error. */
  protected abstract send(chunks: readonly Uint8Array[]): unknown;

  getAsyncId(): number {
    return this.#asyncId;
  }
  getProviderType(): number {
    return 0;
  }

  useUserBuffer(buffer: Uint8Array): void {
    this.#userBuffer = buffer;
  }

  writeBuffer(_request: unknown, bytes: Uint8Array): unknown {
    return this.send([bytes]);
  }
  writeLatin1String(_request: unknown, text: string): unknown {
    return this.send([this.#tools.encode(text, "latin1")]);
  }
  writeAsciiString(_request: unknown, text: string): unknown {
    return this.send([this.#tools.encode(text, "latin1")]);
  }
  writeUtf8String(_request: unknown, text: string): unknown {
    return this.send([this.#tools.encode(text, "utf8")]);
  }
  writeUcs2String(_request: unknown, text: string): unknown {
    return this.send([this.#tools.encode(text, "utf16le")]);
  }

  /** Bytes; or each beside its encoding. */
  writev(_request: unknown, given: unknown[], allBuffers: boolean): unknown {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < given.length; at += allBuffers ? 1 : 2) {
      const chunk = given[at];
      chunks.push(
        typeof chunk === "string"
          ? this.#tools.encode(chunk, String(given[at + 1]))
          : // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- net.js gives bytes or text
            (chunk as Uint8Array),
      );
    }
    return this.send(chunks);
  }

  protected complete(request: Request, status: number): void {
    if (request.oncomplete) request.oncomplete(status);
    else request.writeStatus = status;
  }

  /** Keeps, before it is told, what the reader's own buffer has no room for. */
  protected tellBytes(
    bytes: Uint8Array,
    keep: (rest: Uint8Array | undefined) => void,
  ): void {
    const buffer = this.#userBuffer;
    const count = buffer ? Math.min(buffer.length, bytes.length) : bytes.length;
    keep(count < bytes.length ? bytes.subarray(count) : undefined);
    this.bytesRead += count;
    this.#tools.tellRead(count);
    if (!buffer) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- who reads gives bytes that are all of their buffer
      this.onread?.(bytes.buffer as ArrayBuffer);
      return;
    }
    buffer.set(bytes.subarray(0, count));
    const next = this.onread?.();
    if (next instanceof Uint8Array) this.#userBuffer = next;
  }

  /** Instead of bytes: the end, or an error. */
  protected tellStatus(status: number): void {
    this.#tools.tellRead(status);
    this.onread?.();
  }
}
