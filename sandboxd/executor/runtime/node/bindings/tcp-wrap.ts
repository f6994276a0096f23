/**
 * TCP as Node's `net` knows it, over connections of the broker, or of the isolate's own loopback: who listens is reached
 * from inside alone. TLS is begun on a connection by the broker, not in the isolate.
 */
import { bytesToText, textToBytes } from "../../bytes.ts";
import type { Socket, SocketListener, Sockets } from "../../sockets.ts";
import { createLoopback, type Place } from "../loopback.ts";
import type { NearSocket } from "../near-socket.ts";
import type { Exports, RealmParts } from "../realm.ts";

interface Request {
  writeStatus?: number | null;
  handle?: unknown;
  oncomplete?: (...news: unknown[]) => void;
}

interface Coded extends Error {
  code?: string;
}

/** The JavaScript object that a handle belongs to. */
interface Owner {
  _handle: unknown;
  destroy: (error?: unknown) => void;
}

/** What beginning TLS came to. */
export interface TlsListener {
  secured: (state: unknown) => void;
  failed: (error: Error) => void;
}

interface StreamWords {
  kReadBytesOrError: number;
  kArrayBufferOffset: number;
  kBytesWritten: number;
  kLastWriteErr: number;
  streamBaseState: Int32Array;
  WriteWrap: new () => Request;
}

const kinds = { SOCKET: 0, SERVER: 1, UV_TCP_IPV6ONLY: 1, UV_TCP_REUSEPORT: 2 };

export function createBinding(parts: RealmParts): Exports {
  const { asyncContext, soon } = parts.runtime;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- bootstrap.ts gives it
  const sockets = parts.runtime.sockets as Sockets;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- stream-wrap.ts gives it
  const words = parts.internalBinding("stream_wrap") as unknown as StreamWords;
  const state = words.streamBaseState;
  const uv = parts.internalBinding("uv");
  const eof = Number(uv["UV_EOF"]);
  const brokenPipe = Number(uv["UV_EPIPE"]);
  const notConnected = Number(uv["UV_ENOTCONN"]);
  const invalid = Number(uv["UV_EINVAL"]);
  const inUse = Number(uv["UV_EADDRINUSE"]);
  const { nameOf } = parts.internalBinding("cares_wrap");
  const loopback = createLoopback(parts);
  const newAsyncId = (): number => {
    const { newAsyncId: create } = parts.require("internal/async_hooks");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
    return (create as () => number)();
  };
  const ownerSymbol = (): symbol => {
    const { owner_symbol: symbol } =
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
      parts.require("internal/async_hooks")["symbols"] as Record<
        string,
        symbol
      >;
    return symbol ?? Symbol("owner");
  };

  const nextTick = (work: () => void) => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
    (parts.process["nextTick"] as (work: () => void) => void)(work);
  };

  /** Node tells of an error in a tick, and of the end only after it. */
  const afterTicks = (work: () => void) => soon(() => nextTick(work));

  class TCP {
    onread: ((bytes?: ArrayBuffer) => unknown) | undefined;
    onconnection: ((status: number, handle?: TCP) => void) | undefined;
    reading = false;
    bytesRead = 0;
    bytesWritten = 0;
    writeQueueSize = 0;
    readonly isStreamBase = true;
    readonly fd = -1;
    /** No parser of HTTP may take it over: each reads by itself. */
    readonly _consumed = true;
    readonly #context = asyncContext.current();
    readonly #asyncId = newAsyncId();
    #socket: Socket | undefined;
    /** The same, where it leads nowhere outside. */
    #near: NearSocket | undefined;
    #connecting: Request | undefined;
    #place: Place | undefined;
    #bound: { address: string; port: number } | undefined;
    #unlisten: (() => void) | undefined;
    #securing: TlsListener | undefined;
    #userBuffer: Uint8Array | undefined;
    /** Asked of the executor and not yet come. */
    #isAsked = false;
    /** Come, and nobody reads. */
    #kept: Uint8Array | undefined;
    #hasEnded = false;
    #isClosed = false;
    /** The network is not told of it. */
    #typeOfService = 0;
    #isCut = false;
    #stay: () => void = () => undefined;

    connect(request: Request, address: string, port: number): number {
      if (this.#bound && loopback.isTaken(this.#bound)) return inUse;
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
      this.#bound = { address, port: loopback.portFor(port) };
      return 0;
    }
    bind6(address: string, port = 0): number {
      return this.bind(address, port);
    }
    listen(): number {
      const bound = this.#bound;
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
      if (this.#kept || (this.#hasEnded && !this.#isAsked))
        soon(() => this.#flush());
      this.#ask();
      return 0;
    }

    readStop(): number {
      this.reading = false;
      return 0;
    }

    useUserBuffer(buffer: Uint8Array): void {
      this.#userBuffer = buffer;
    }

    writeBuffer(_request: unknown, bytes: Uint8Array): unknown {
      return this.#write(bytesToText(bytes), bytes.length);
    }

    writeLatin1String(_request: unknown, text: string): unknown {
      return this.writeBuffer(null, this.#encode(text, "latin1"));
    }

    writeAsciiString(_request: unknown, text: string): unknown {
      return this.writeBuffer(null, this.#encode(text, "latin1"));
    }

    writeUtf8String(_request: unknown, text: string): unknown {
      return this.writeBuffer(null, this.#encode(text, "utf8"));
    }

    writeUcs2String(_request: unknown, text: string): unknown {
      return this.writeBuffer(null, this.#encode(text, "utf16le"));
    }

    writev(_request: unknown, chunks: unknown[], allBuffers: boolean): unknown {
      let text = "";
      for (let at = 0; at < chunks.length; at += allBuffers ? 1 : 2) {
        const chunk = chunks[at];
        const encoding = allBuffers ? "buffer" : String(chunks[at + 1]);
        text +=
          typeof chunk === "string"
            ? bytesToText(this.#encode(chunk, encoding))
            : // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- net.js gives bytes or text
              bytesToText(chunk as Uint8Array);
      }
      return this.#write(text, text.length);
    }

    shutdown(request: Request): number {
      if (!this.#socket) return notConnected;
      this.#socket.end(() => soon(() => this.#complete(request, 0)));
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

    getpeername(out: Record<string, unknown>): number {
      const place = this.#place;
      if (!place) return notConnected;
      out["address"] = place.remoteAddress;
      out["family"] = `IPv${place.family}`;
      out["port"] = place.remotePort;
      return 0;
    }

    /** What the host's address is, is not told; its port there tells nothing. */
    getsockname(out: Record<string, unknown>): number {
      const place = this.#place;
      const bound = this.#bound;
      if (place) {
        const any = place.family === 6 ? "::" : "0.0.0.0";
        out["address"] = place.localAddress ?? any;
        out["family"] = `IPv${place.family}`;
        out["port"] = place.localPort;
        return 0;
      }
      if (!bound) return notConnected;
      out["address"] = bound.address;
      out["family"] = bound.address.includes(":") ? "IPv6" : "IPv4";
      out["port"] = bound.port;
      return 0;
    }

    setNoDelay(): number {
      return 0;
    }
    setKeepAlive(): number {
      return 0;
    }
    setTypeOfService(value: number): number {
      this.#typeOfService = value;
      return 0;
    }
    getTypeOfService(): number {
      return this.#typeOfService;
    }
    ref(): void {}
    unref(): void {}
    hasRef(): boolean {
      return !this.#isClosed;
    }
    getAsyncId(): number {
      return this.#asyncId;
    }
    getProviderType(): number {
      return 0;
    }
    setBlocking(): number {
      return 0;
    }

    /** The listening end of a connection within the isolate. */
    static accepted(socket: NearSocket, place: Place): TCP {
      const handle = new TCP();
      handle.#socket = handle.#near = socket;
      handle.#place = place;
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
      return {
        connected: (place) => this.#enter(() => this.#connected(place)),
        secured: (tls) =>
          this.#enter(() => {
            const securing = this.#securing;
            this.#securing = undefined;
            securing?.secured(tls);
            this.#ask();
          }),
        data: (text) => this.#enter(() => this.#data(textToBytes(text))),
        ended: () => this.#enter(() => this.#end()),
        failed: (error) => this.#enter(() => this.#failed(error)),
        closed: () => undefined,
      };
    }

    /** Its call has ended: the same server may listen again in the next. */
    #endListening(): void {
      if (this.#isClosed) return;
      this.close();
      const owner = this.#owner();
      // oxlint-disable-next-line no-underscore-dangle -- Node's name
      if (owner) owner._handle = null;
    }

    #enter(work: () => void): void {
      asyncContext.set(this.#context);
      work();
    }

    #encode(text: string, encoding: string): Uint8Array {
      const { Buffer } = parts.require("buffer");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
      const from = (
        Buffer as { from: (text: string, encoding: string) => Uint8Array }
      ).from;
      return from(text, encoding);
    }

    #write(text: string, length: number): unknown {
      if (!this.#socket) return notConnected;
      if (this.#isCut || this.#isClosed) return brokenPipe;
      const request = new words.WriteWrap();
      state[words.kBytesWritten] = length;
      state[words.kLastWriteErr] = 0;
      this.bytesWritten += length;
      this.writeQueueSize += length;
      this.#socket.write(text, "latin1", () => {
        this.writeQueueSize -= length;
        this.#enter(() => this.#complete(request, 0));
      });
      return request;
    }

    #complete(request: Request, status: number): void {
      if (request.oncomplete) request.oncomplete(status);
      else request.writeStatus = status;
    }

    #connected(place: unknown): void {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the broker wrote it
      this.#place = place as Place;
      const request = this.#connecting;
      this.#connecting = undefined;
      request?.oncomplete?.(0, this, request, true, true);
    }

    #ask(): void {
      if (!this.reading || this.#isAsked || this.#hasEnded || this.#kept)
        return;
      // What comes before TLS belongs to nobody.
      if (!this.#socket || this.#securing || this.#connecting) return;
      this.#isAsked = true;
      this.#socket.read("latin1");
    }

    #data(bytes: Uint8Array): void {
      this.#isAsked = false;
      this.#kept = bytes;
      this.#flush();
    }

    #end(): void {
      this.#isAsked = false;
      this.#hasEnded = true;
      this.#flush();
    }

    /** Tells what has come, where somebody reads. */
    #flush(): void {
      while (this.reading && this.#kept && !this.#isClosed) this.#tell();
      if (this.reading && this.#hasEnded && !this.#kept && !this.#isClosed) {
        this.reading = false;
        state[words.kReadBytesOrError] = eof;
        this.onread?.();
      }
      this.#ask();
    }

    #tell(): void {
      const bytes = this.#kept ?? new Uint8Array();
      const buffer = this.#userBuffer;
      const count = buffer
        ? Math.min(buffer.length, bytes.length)
        : bytes.length;
      this.#kept = count < bytes.length ? bytes.subarray(count) : undefined;
      this.bytesRead += count;
      state[words.kReadBytesOrError] = count;
      state[words.kArrayBufferOffset] = 0;
      if (!buffer) {
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made of a text, whole
        this.onread?.(bytes.buffer as ArrayBuffer);
        return;
      }
      buffer.set(bytes.subarray(0, count));
      const next = this.onread?.();
      if (next instanceof Uint8Array) this.#userBuffer = next;
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
      state[words.kReadBytesOrError] = status;
      this.onread?.();
    }

    #destroyOwner(error: unknown): void {
      this.#owner()?.destroy(error);
    }

    /** It ended with its call. */
    #cut(): void {
      this.#isCut = true;
      if (!this.#isClosed) this.#owner()?.destroy();
    }

    #owner(): Owner | undefined {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- net.js puts it there
      return Reflect.get(this, ownerSymbol()) as Owner | undefined;
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
