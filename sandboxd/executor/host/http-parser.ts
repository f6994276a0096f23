/**
 * Node's own parser of HTTP/1, so that what it refuses is refused here. A guest holds numbers; what a piece of bytes held
 * is told all at once, when it is parsed.
 */
import {
  HostRefusal,
  numberIn,
  type HostOperations,
  type HostResult,
} from "./operations.ts";

/** Of one isolate: more connections than a call may have. */
const maxParsers = 256;
/** What one call may parse: so many events at most. */
const maxPieceBytes = 64 * 1024;
const maxHeaderBytes = 1024 * 1024;
/** What the parsers of one isolate may keep of heads that have not ended, all together. */
const maxHeldHeaderBytes = 16 * 1024 * 1024;
/** Where a guest names none: Node's own. */
const usualHeaderBytes = 16 * 1024;

/** The class that Node's library keeps in `_http_common`. */
interface NativeParser {
  [event: number]: (...parameters: unknown[]) => unknown;
  initialize(
    type: number,
    resource: object,
    maxHeaderSize: number,
    lenientFlags: number,
  ): void;
  execute(bytes: Uint8Array): unknown;
  finish(): unknown;
  pause(): void;
  resume(): void;
  close(): void;
}

interface NativeParserClass {
  new (): NativeParser;
  readonly RESPONSE: number;
  readonly kOnMessageBegin: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

class Parser {
  /** The most it keeps of a head. */
  readonly headerBytes: number;
  readonly #native: NativeParser;
  readonly #isResponse: boolean;
  #events: HostResult[] = [];
  #method: unknown;

  constructor(type: number, maxHeaderSize: number, lenientFlags: number) {
    const Native = nativeClass();
    const native = new Native();
    native.initialize(type, {}, maxHeaderSize, lenientFlags);
    this.headerBytes = maxHeaderSize;
    this.#native = native;
    this.#isResponse = type === Native.RESPONSE;
    native[Native.kOnMessageBegin] = () => this.#note("begin");
    native[Native.kOnHeaders] = (headers, url) =>
      this.#note("headers", headers, url);
    native[Native.kOnHeadersComplete] = (...told) => {
      this.#note("head", ...told);
      return this.#bodyRule(told);
    };
    native[Native.kOnBody] = (piece) => {
      if (piece instanceof Uint8Array)
        this.#note("body", new Uint8Array(piece));
    };
    native[Native.kOnMessageComplete] = () => this.#note("complete");
  }

  /** What happened, and how far it went or why not. `method` is that of the request an answer is for. */
  execute(bytes: Uint8Array, method: unknown): HostResult {
    this.#method = method;
    return this.#told(this.#native.execute(bytes));
  }

  finish(): HostResult {
    return this.#told(this.#native.finish());
  }

  pause(isPaused: boolean): void {
    if (isPaused) this.#native.pause();
    else this.#native.resume();
  }

  close(): void {
    this.#native.close();
  }

  #note(...event: unknown[]): void {
    this.#events.push(event);
  }

  #told(outcome: unknown): HostResult {
    const events = this.#events;
    this.#events = [];
    if (!(outcome instanceof Error)) return [events, outcome];
    const code: unknown = Reflect.get(outcome, "code");
    const reason: unknown = Reflect.get(outcome, "reason");
    const parsed: unknown = Reflect.get(outcome, "bytesParsed");
    return [events, undefined, [code, reason, parsed]];
  }

  /** As Node's client answers: 2 ends HTTP on this connection, 1 is a message without body. Its server leaves it open. */
  #bodyRule(told: unknown[]): number {
    if (!this.#isResponse) return 0;
    const [, , , , , status, , isUpgrade] = told;
    if (isUpgrade || this.#method === "CONNECT") return 2;
    const isBodiless =
      this.#method === "HEAD" || status === 304 || Number(status) < 200;
    return isBodiless ? 1 : 0;
  }
}

function nativeClass(): NativeParserClass {
  const common: unknown = process.getBuiltinModule("_http_common");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of the pinned Node, which its types leave out
  return (common as { HTTPParser: NativeParserClass }).HTTPParser;
}

/** `endings`: what is to be done when the isolate is gone. Node frees no parser that was not closed. */
export function httpParserOperations(endings: (() => void)[]): HostOperations {
  const parsers = new Map<unknown, Parser>();
  let lastParser = 0;
  let heldHeaderBytes = 0;
  endings.push(() => {
    for (const parser of parsers.values()) parser.close();
    parsers.clear();
  });
  const find = (id: unknown) => {
    const parser = parsers.get(id);
    if (parser) return parser;
    throw new HostRefusal("ERR_INVALID_STATE", "no such parser");
  };
  return {
    "parser.open": (type, maxHeaderSize, lenientFlags) => {
      if (parsers.size >= maxParsers)
        throw new HostRefusal(
          "ERR_ANNEX_LIMIT",
          `more than ${maxParsers} HTTP messages read at once`,
        );
      const isKnown = type === 1 || type === 2;
      if (!isKnown) throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no type");
      const headerBytes = checkedHeaderBytes(maxHeaderSize);
      if (heldHeaderBytes + headerBytes > maxHeldHeaderBytes)
        throw new HostRefusal(
          "ERR_ANNEX_LIMIT",
          `heads of HTTP messages read at once could hold more than ${maxHeldHeaderBytes} bytes together`,
        );
      const parser = new Parser(type, headerBytes, flagsIn(lenientFlags));
      heldHeaderBytes += headerBytes;
      parsers.set(++lastParser, parser);
      return lastParser;
    },
    "parser.execute": (id, bytes, method) => {
      if (!(bytes instanceof Uint8Array) || bytes.length > maxPieceBytes)
        throw new HostRefusal("ERR_INVALID_ARG_VALUE", "no piece of bytes");
      return find(id).execute(bytes, method);
    },
    "parser.finish": (id) => find(id).finish(),
    "parser.pause": (id, isPaused) => find(id).pause(isPaused === true),
    "parser.close": (id) => {
      const parser = parsers.get(id);
      if (!parser) return;
      parsers.delete(id);
      heldHeaderBytes -= parser.headerBytes;
      parser.close();
    },
  };
}

/** Whole: of any other number, Node's parser makes an end of the process. */
function flagsIn(given: unknown): number {
  return numberIn(given) | 0;
}

function checkedHeaderBytes(given: unknown): number {
  const bytes = Number.isSafeInteger(given) ? Number(given) : 0;
  return bytes > 0 ? Math.min(bytes, maxHeaderBytes) : usualHeaderBytes;
}
