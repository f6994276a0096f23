/**
 * TCP as Node's `net` knows it, over connections of the broker, or of the isolate's own loopback: who listens is reached
 * from inside alone. TLS is begun on a connection by the broker, not in the isolate.
 */
import { bytesToText, textToBytes } from "../../bytes.ts";
import type { Socket, SocketListener, Sockets } from "../../sockets.ts";
import { createLoopback, type Place } from "../loopback.ts";
import { createLater } from "../later.ts";
import type { NearSocket } from "../near-socket.ts";
import { Inbox } from "../inbox.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { createStreamTools, type Request } from "../stream-base.ts";
import { NetHandle } from "../net-handle.ts";

interface Coded extends Error {
  code?: string;
}

/** What beginning TLS came to. */
export interface TlsListener {
  secured: (state: unknown) => void;
  failed: (error: Error) => void;
}

const kinds = { SOCKET: 0, SERVER: 1, UV_TCP_IPV6ONLY: 1, UV_TCP_REUSEPORT: 2 };

export function createBinding(parts: RealmParts): Exports {
  const { asyncContext, soon } = parts.runtime;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bootstrap.ts gives it
  const sockets = parts.runtime.sockets as Sockets;
  const tools = createStreamTools(parts);
  const uv = parts.internalBinding("uv");
  const eof = Number(uv["UV_EOF"]);
  const brokenPipe = Number(uv["UV_EPIPE"]);
  const noHandle = Number(uv["UV_EBADF"]);
  const notConnected = Number(uv["UV_ENOTCONN"]);
  const invalid = Number(uv["UV_EINVAL"]);
  const inUse = Number(uv["UV_EADDRINUSE"]);
  const { nameOf } = parts.internalBinding("cares_wrap");
  const loopback = createLoopback(parts);
  const later = createLater(parts.runtime);
  /** Node tells of an error in a tick, and of the end only when whoever heard of it is done, with what they put off too. */
  const afterTicks = (work: () => void) => soon(() => later(() => later(work)));

  class TCP extends NetHandle {
    onconnection: ((status: number, handle?: TCP) => void) | undefined;
    writeQueueSize = 0;
    /** No parser of HTTP may take it over: each reads by itself. */
    readonly _consumed = true;
    /** In which its owner is told, but of what came of a request: that is told in the request's. */
    #frame = asyncContext.current();
    #socket: Socket | undefined;
    /** The same, where it leads nowhere outside. */
    #near: NearSocket | undefined;
    #connecting: Request | undefined;
    #unlisten: (() => void) | undefined;
    #securing: TlsListener | undefined;
    #isClosed = false;
    #isCut = false;
    #stay: () => void = () => undefined;
    readonly #inbox = new Inbox({
      isReading: () => this.reading && !this.#isClosed,
      // What comes before TLS belongs to nobody.
      mayAsk: () => !!this.#socket && !this.#securing && !this.#connecting,
      ask: () => this.#socket?.read("latin1"),
      tell: (bytes, keep) => this.tellBytes(bytes, keep),
      end: () => {
        this.reading = false;
        this.tellStatus(eof);
      },
    });

    constructor() {
      super(tools, notConnected);
    }

    connect(request: Request, address: string, port: number): number {
      if (this.bound && loopback.isTaken(this.bound)) return inUse;
      const listener = this.#listener();
      try {
        this.#near = loopback.connect({ address, port }, listener);
        this.#socket = this.#near ?? this.#connectOut(address, port, listener);
        this.#connecting = request;
        // A pool that outlives the call must not take it for a connection that works.
        this.#stay = parts.runtime.onEnd(() => this.#cut());
      } catch (thrown) {
        soon(() => this.#destroyOwner(thrown));
      }
      return 0;
    }

    connect6(request: Request, address: string, port: number): number {
      return this.connect(request, address, port);
    }

    /** Of a connection outward, the address it leaves from is the platform's choice. */
    bind(address: string, port = 0): number {
      this.bound = { address, port: loopback.portFor(port) };
      return 0;
    }
    bind6(address: string, port = 0): number {
      return this.bind(address, port);
    }
    listen(): number {
      const bound = this.bound;
      if (!bound) return invalid;
      const listening = loopback.listen(bound, (socket, place) => {
        const handle = TCP.accepted(socket, place);
        this.#enter(() => this.onconnection?.(0, handle));
      });
      if (typeof listening === "string") return Number(uv[`UV_${listening}`]);
      this.#unlisten = listening;
      this.#stay = parts.runtime.onEnd(() => this.#endListening());
      return 0;
    }
    open(): number {
      return notConnected;
    }

    /** Begins TLS; `wishes` is JSON. Not Node's. */
    startTls(wishes: string, listener: TlsListener): void {
      this.#securing = listener;
      this.#socket?.upgrade(wishes);
    }

    readStart(): number {
      this.reading = true;
      if (this.#inbox.isWaiting) soon(() => this.#inbox.flush());
      this.#inbox.ask();
      return 0;
    }

    readStop(): number {
      this.reading = false;
      return 0;
    }

    shutdown(request: Request): number {
      if (!this.#socket) return notConnected;
      const frame = asyncContext.current();
      this.#socket.end(() =>
        asyncContext.within(frame, () => soon(() => this.complete(request, 0))),
      );
      return 0;
    }

    close(done?: () => void): void {
      if (this.#isClosed) return;
      this.#isClosed = true;
      this.reading = false;
      this.#stay();
      this.#unlisten?.();
      this.#socket?.destroy();
      if (typeof done === "function")
        afterTicks(() => this.#enter(() => done.call(this)));
    }

    reset(done?: () => void): number {
      this.#near?.reset();
      this.close(done);
      return 0;
    }

    hasRef(): boolean {
      return !this.#isClosed;
    }
    /** An agent of HTTP gives it to another request. */
    asyncReset(): void {
      this.#frame = asyncContext.current();
    }

    /** The listening end of a connection within the isolate. */
    static accepted(socket: NearSocket, place: Place): TCP {
      const handle = new TCP();
      handle.#socket = handle.#near = socket;
      handle.place = place;
      socket.attach(handle.#listener());
      handle.#stay = parts.runtime.onEnd(() => handle.#cut());
      return handle;
    }

    #connectOut(
      address: string,
      port: number,
      listener: SocketListener,
    ): Socket {
      const name: unknown =
        typeof nameOf === "function" ? nameOf(address) : undefined;
      const host = typeof name === "string" ? name : address;
      const named = host === address ? "" : address;
      return sockets.connect({ host, port, address: named, tls: "" }, listener);
    }

    #listener(): SocketListener {
      const frame = asyncContext.current();
      return {
        connected: (place) =>
          asyncContext.within(frame, () => this.#connected(place)),
        secured: (tls) =>
          this.#enter(() => {
            const securing = this.#securing;
            this.#securing = undefined;
            securing?.secured(tls);
            this.#inbox.ask();
          }),
        data: (text) =>
          this.#enter(() => this.#inbox.take(textToBytes(parts.host, text))),
        ended: () => this.#enter(() => this.#inbox.end()),
        failed: (error) =>
          asyncContext.within(this.#connecting ? frame : this.#frame, () =>
            this.#failed(error),
          ),
        closed: () => undefined,
      };
    }

    /** Its call has ended: the same server may listen again in the next. */
    #endListening(): void {
      if (this.#isClosed) return;
      this.close();
      const owner = tools.ownerOf(this);
      // oxlint-disable-next-line no-underscore-dangle -- Node's name
      if (owner) owner._handle = null;
    }

    #enter(work: () => void): void {
      asyncContext.within(this.#frame, work);
    }

    protected override send(chunks: readonly Uint8Array[]): unknown {
      if (!this.#socket) return notConnected;
      if (this.#isCut) return brokenPipe;
      if (this.#isClosed) return noHandle;
      let text = "";
      for (const chunk of chunks) text += bytesToText(parts.host, chunk);
      const { length } = text;
      const request = tools.newWrite();
      tools.say(length, 0);
      this.bytesWritten += length;
      this.writeQueueSize += length;
      const frame = asyncContext.current();
      this.#socket.write(text, "latin1", () => {
        this.writeQueueSize -= length;
        asyncContext.within(frame, () => this.complete(request, 0));
      });
      return request;
    }

    #connected(place: unknown): void {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the broker wrote it
      this.place = place as Place;
      const request = this.#connecting;
      this.#connecting = undefined;
      request?.oncomplete?.(0, this, request, true, true);
    }

    #failed(error: Coded): void {
      const status = uv[`UV_${error.code ?? ""}`];
      const isDenied = error.code === "EACCES";
      const securing = this.#securing;
      this.#securing = undefined;
      if (securing) return securing.failed(error);
      // What Node has no number for, and what tells more than a number, is told as it is.
      if (typeof status !== "number" || isDenied)
        return this.#destroyOwner(error);
      const request = this.#connecting;
      this.#connecting = undefined;
      if (request) {
        request.oncomplete?.(status, this, request, false, false);
        return;
      }
      this.tellStatus(status);
    }

    #destroyOwner(error: unknown): void {
      tools.ownerOf(this)?.destroy(error);
    }

    /** It ended with its call. */
    #cut(): void {
      this.#isCut = true;
      if (!this.#isClosed) tools.ownerOf(this)?.destroy();
    }
  }

  return {
    TCP,
    TCPConnectWrap,
    constants: kinds,
  };
}

// Node makes them with `new` and sets what it needs on them.
function TCPConnectWrap(): void {}
