/**
 * The parser of HTTP/1 as Node's library calls it. The parsing itself is done by the executor's own Node, a piece at a
 * time; what it found is told to the library here, in its order.
 */
import type { Frame } from "../../async-context.ts";
import type { Exports, RealmParts } from "../realm.ts";

/** As host/http-parser.ts bounds a piece. */
const maxPieceBytes = 64 * 1024;

const events = {
  kOnMessageBegin: 0,
  kOnHeaders: 1,
  kOnHeadersComplete: 2,
  kOnBody: 3,
  kOnMessageComplete: 4,
  kOnExecute: 5,
  kOnTimeout: 6,
} as const;
const types = { REQUEST: 1, RESPONSE: 2 } as const;
const lenience = {
  kLenientNone: 0,
  kLenientHeaders: 1,
  kLenientChunkedLength: 2,
  kLenientKeepAlive: 4,
  kLenientTransferEncoding: 8,
  kLenientVersion: 16,
  kLenientDataAfterClose: 32,
  kLenientOptionalLFAfterCR: 64,
  kLenientOptionalCRLFAfterChunk: 128,
  kLenientOptionalCRBeforeLF: 256,
  kLenientSpacesAfterChunkSize: 512,
  kLenientHeaderValueRelaxed: 1024,
  kLenientAll: 1023,
} as const;
/** Node's own, where it is not told. */
const defaultMaxHeaderBytes = 16 * 1024;

export function createBinding(parts: RealmParts): Exports {
  const { host, runtime, require } = parts;
  let bufferClass: BufferClass | undefined;
  const bufferOf = (chunk: Uint8Array, start: number, length: number) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own class
    bufferClass ??= require("internal/buffer")["FastBuffer"] as BufferClass;
    return new bufferClass(chunk.buffer, chunk.byteOffset + start, length);
  };

  /** The connections of a server: here only those that a program hands it. */
  class ConnectionsList {
    readonly #parsers = new Set<HTTPParser>();

    static add(list: ConnectionsList, parser: HTTPParser): void {
      list.#parsers.add(parser);
    }

    static remove(list: ConnectionsList, parser: HTTPParser): void {
      list.#parsers.delete(parser);
    }

    all(): HTTPParser[] {
      return [...this.#parsers];
    }

    idle(): HTTPParser[] {
      return this.all().filter((parser) => !HTTPParser.isReading(parser));
    }

    active(): HTTPParser[] {
      return this.all().filter((parser) => HTTPParser.isReading(parser));
    }

    /** The call's own clock ends what is slow. */
    expired(): HTTPParser[] {
      return [];
    }
  }

  class HTTPParser {
    static readonly isReading = (parser: HTTPParser) => parser.#isReading;

    #type: number = types.REQUEST;
    #maxHeaderBytes = defaultMaxHeaderBytes;
    #lenientFlags = 0;
    #list: ConnectionsList | undefined;
    #id: number | undefined;
    #chunk: Uint8Array | undefined;
    #isReading = false;
    #frame: Frame;
    #stay: () => void = () => undefined;

    initialize(
      type: number,
      _resource: object,
      maxHeaderSize = 0,
      lenientFlags = 0,
      list?: ConnectionsList,
    ): void {
      this.#drop();
      this.#frame = runtime.asyncContext.current();
      this.#type = type;
      this.#maxHeaderBytes = maxHeaderSize || defaultMaxHeaderBytes;
      this.#lenientFlags = lenientFlags;
      this.#list = list;
      if (list) ConnectionsList.add(list, this);
    }

    /** How many bytes were parsed, or the error that ended it. */
    execute(chunk: Uint8Array): number | Error {
      this.#chunk = chunk;
      try {
        let at = 0;
        while (at < chunk.length) {
          const length = Math.min(chunk.length - at, maxPieceBytes);
          const parsed = this.#piece(chunk, at, length);
          if (typeof parsed !== "number") return parsed;
          at += parsed;
          // The rest is no HTTP any more, or nobody's.
          if (parsed < length || this.#id === undefined) return at;
        }
        return at;
      } finally {
        this.#chunk = undefined;
      }
    }

    finish(): Error | undefined {
      if (this.#id === undefined) return undefined;
      const outcome = this.#tell(host("parser.finish", this.#id), 0);
      return typeof outcome === "number" ? undefined : outcome;
    }

    pause(): void {
      if (this.#id !== undefined) host("parser.pause", this.#id, true);
    }

    resume(): void {
      if (this.#id !== undefined) host("parser.pause", this.#id, false);
    }

    getCurrentBuffer(): Uint8Array {
      const chunk = this.#chunk ?? noBytes;
      return bufferOf(chunk, 0, chunk.length);
    }

    /** Node's sockets read for their parser in C++; here all of them read for themselves. */
    consume(): void {
      throw new Error("a parser cannot take over a handle in this runtime");
    }

    unconsume(): void {}

    remove(): void {
      if (this.#list) ConnectionsList.remove(this.#list, this);
      this.#list = undefined;
    }

    free(): void {
      this.#drop();
    }

    close(): void {
      this.remove();
      this.#drop();
    }

    duration(): number {
      return 0;
    }

    headersCompleted(): boolean {
      return false;
    }

    #drop(): void {
      const id = this.#id;
      this.#id = undefined;
      this.#isReading = false;
      if (id === undefined) return;
      this.#stay();
      host("parser.close", id);
    }

    #open(): number {
      const id = Number(
        host(
          "parser.open",
          this.#type,
          this.#maxHeaderBytes,
          this.#lenientFlags,
        ),
      );
      this.#id = id;
      this.#stay = runtime.onEnd(() => this.#drop());
      return id;
    }

    #piece(chunk: Uint8Array, at: number, length: number): number | Error {
      const id = this.#id ?? this.#open();
      const start = chunk.byteOffset + at;
      const copy = new Uint8Array(chunk.buffer, start, length).slice();
      const told = host("parser.execute", id, copy, methodOf(this));
      return this.#tell(told, at);
    }

    /** Passes on what the host found; stops where what it tells lets the parser go. */
    #tell(told: unknown, at: number): number | Error {
      const [found, parsed, failure]: unknown[] = Array.isArray(told)
        ? told
        : [];
      const id = this.#id;
      for (const event of Array.isArray(found) ? found : []) {
        if (this.#id !== id) return Number(parsed ?? 0);
        if (Array.isArray(event)) this.#event(event);
      }
      return Array.isArray(failure)
        ? parseError(failure, at)
        : Number(parsed ?? 0);
    }

    #event(event: unknown[]): void {
      const [kind, ...told] = event;
      switch (kind) {
        case "begin":
          this.#isReading = true;
          this.#call(events.kOnMessageBegin, []);
          return;
        case "headers":
          this.#call(events.kOnHeaders, told);
          return;
        case "head":
          this.#call(events.kOnHeadersComplete, told);
          return;
        case "body": {
          const [bytes] = told;
          if (!(bytes instanceof Uint8Array)) return;
          this.#call(events.kOnBody, [bufferOf(bytes, 0, bytes.length)]);
          return;
        }
        default:
          this.#isReading = false;
          this.#call(events.kOnMessageComplete, []);
      }
    }

    #call(event: number, told: unknown[]): void {
      const listener: unknown = Reflect.get(this, event);
      if (typeof listener !== "function") return;
      runtime.asyncContext.within(
        this.#frame,
        () => void Reflect.apply(listener, this, told),
      );
    }
  }

  Object.assign(HTTPParser, types, events, lenience);
  return { HTTPParser, ConnectionsList };
}

type BufferClass = new (
  memory: ArrayBufferLike,
  start: number,
  length: number,
) => Uint8Array;

const noBytes = new Uint8Array(0);

/** Of the request that is being answered, as Node's client keeps it. */
function methodOf(parser: object): string | undefined {
  const outgoing = Object(Reflect.get(parser, "outgoing"));
  const method: unknown = Reflect.get(outgoing, "method");
  return typeof method === "string" ? method : undefined;
}

function parseError([code, reason, parsed]: unknown[], before: number): Error {
  return Object.assign(new Error("Parse Error"), {
    bytesParsed: before + Number(parsed),
    code,
    reason,
  });
}
