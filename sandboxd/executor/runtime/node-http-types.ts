/** Of Node's library, what node-http.ts stands on: members that its public types leave out are among them. */

import type { Host } from "./node/realm.ts";

export interface Library {
  IncomingMessage: new (socket: Socket) => Incoming;
  ServerResponse: new (request: Incoming) => Outgoing;
  Duplex: new (options: DuplexOptions) => Socket;
  Buffer: {
    from(text: string, encoding: string): Uint8Array;
    from(memory: ArrayBufferLike, start: number, length: number): Uint8Array;
  };
  nextTick: (work: () => void) => void;
  /** The property by which a message knows that somebody waits for room. */
  needDrain: symbol;
  host: Host;
}

interface Emitter {
  on(event: string, listener: (...told: unknown[]) => void): unknown;
  emit(event: string): boolean;
}

export interface DuplexOptions {
  decodeStrings: boolean;
  allowHalfOpen: boolean;
  read: () => void;
  write: (
    chunk: string | Uint8Array,
    encoding: string,
    done: (error: Error | null) => void,
  ) => void;
}

export interface Socket extends Emitter {
  errored: Error | null;
  end(): void;
  destroy(): void;
}

export interface Incoming extends Emitter {
  method: string;
  url: string;
  httpVersion: string;
  httpVersionMajor: number;
  httpVersionMinor: number;
  upgrade: boolean;
  complete: boolean;
  readonly _consuming: boolean;
  readonly _readableState: { resumeScheduled: boolean };
  _addHeaderLines(lines: string[], count: number): void;
  _dump(): void;
  push(piece: Uint8Array | null): boolean;
}

export interface Outgoing extends Emitter {
  sendDate: boolean;
  shouldKeepAlive: boolean;
  chunkedEncoding: boolean;
  destroyed: boolean;
  readonly writableFinished: boolean;
  readonly writableNeedDrain: boolean;
  readonly writableLength: number;
  _closed: boolean;
  _header: string;
  _headerSent: boolean;
  readonly _storeHeader: (line: string, headers: unknown) => void;
  readonly _send: (...parameters: unknown[]) => unknown;
  readonly _writeRaw: (...parameters: unknown[]) => unknown;
  assignSocket(socket: Socket): void;
  detachSocket(socket: Socket): void;
}
