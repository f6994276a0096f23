/** What a TLS socket is put on: a TCP connection, which is open or will be, or a stream of the program's own. */
/* oxlint-disable no-underscore-dangle -- members of Node's own classes */
import type { RealmParts } from "../realm.ts";
import type { State } from "./told.ts";

/** The members of net.Socket that are used here. */
export interface NetSocket {
  _handle: Handle | null;
  connecting: boolean;
  destroyed: boolean;
  allowHalfOpen: boolean;
  readonly host?: string;
  _host?: string | null;
  connect(...parameters: unknown[]): this;
  destroy(error?: unknown): this;
  emit(event: string, ...news: unknown[]): boolean;
  on(event: string, listener: (...news: never[]) => void): this;
  once(event: string, listener: (...news: never[]) => void): this;
  read(bytes?: number): unknown;
  setTimeout(ms: number): this;
  _read(bytes: number): void;
  _final(done: (error?: unknown) => void): void;
  _writeGeneric(
    isMany: boolean,
    data: unknown,
    encoding: string,
    done: (error?: unknown) => void,
  ): void;
}

export interface Handle {
  close?: (done?: () => void) => void;
  startTls?: (
    wishes: string,
    listener: {
      secured: (state: State) => void;
      failed: (error: Error) => void;
    },
  ) => void;
}

/** The handle for a socket over this; none where it is not open yet. */
export function handleOver(
  parts: RealmParts,
  under: NetSocket,
): Handle | undefined {
  if (under._handle?.startTls && !under.connecting) return under._handle;
  const { Socket } = parts.require("net");
  const isTcp = typeof Socket === "function" && under instanceof Socket;
  return isTcp ? undefined : new StreamHandle(parts, under);
}

/** The socket goes on with another's handle. */
export function adopt(
  parts: RealmParts,
  socket: NetSocket,
  handle: Handle | null,
): void {
  const { symbols } = parts.require("internal/async_hooks");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const { owner_symbol: owner } = symbols as Record<string, symbol>;
  const { onStreamRead } = parts.require("internal/stream_base_commons");
  socket._handle = handle;
  if (!handle || !owner) return;
  Reflect.set(handle, owner, socket);
  Reflect.set(handle, "onread", onStreamRead);
}

/**
 * Over a stream that is no TCP connection no TLS can be begun, but a socket can be made: some look only at what Node wraps
 * such a stream in.
 */
class StreamHandle implements Handle {
  readonly _parentWrap: unknown;
  readonly #under: NetSocket;
  readonly #soon: (work: () => void) => void;

  constructor(parts: RealmParts, under: NetSocket) {
    const JsStreamSocket: unknown = parts.require("internal/js_stream_socket");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
    const Wrap = JsStreamSocket as new (stream: unknown) => object;
    this._parentWrap = new Wrap(under);
    this.#under = under;
    this.#soon = parts.runtime.soon;
  }
  readStart(): number {
    return 0;
  }
  readStop(): number {
    return 0;
  }
  close(done?: () => void): void {
    this.#under.destroy();
    if (done) this.#soon(done);
  }
  ref(): void {}
  unref(): void {}
}
