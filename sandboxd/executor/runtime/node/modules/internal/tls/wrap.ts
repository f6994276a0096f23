/**
 * TLS sockets with the members of Node's, thinner: a plain connection of `net`, on which the broker begins TLS. What the
 * guest writes before that is done waits here, so that nothing of it goes out in the clear.
 */
/* oxlint-disable no-underscore-dangle -- members of net.Socket by Node's own names */
import type { Exports, RealmParts } from "../../../realm.ts";
import {
  bytesOf,
  certificateOf,
  type Certificate,
} from "../../../tls/certificates.ts";
import { createServerClass } from "../../../tls/server.ts";
import { refusal } from "../../../unavailable.ts";
import type { ContextWishes } from "./common.ts";

/** The members of net.Socket that are used here. */
interface NetSocket {
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

interface Handle {
  startTls?: (
    wishes: string,
    listener: {
      secured: (state: State) => void;
      failed: (error: Error) => void;
    },
  ) => void;
}

/** `TlsState` of protocol.ts. */
interface State {
  authorized: boolean;
  authorizationError?: string;
  alpnProtocol: string | false;
  protocol: string;
  cipher: object;
  servername: string;
  isSessionReused: boolean;
  certificates: Certificate[];
  ephemeralKey: object;
  finished: string;
  peerFinished: string;
}

type CheckIdentity = (
  name: string,
  certificate: Certificate,
) => Error | undefined;

interface TlsOptions {
  host?: string;
  servername?: string;
  socket?: NetSocket;
  timeout?: number;
  isServer?: boolean;
  allowHalfOpen?: boolean;
  rejectUnauthorized?: boolean;
  secureContext?: { context: ContextWishes };
  checkServerIdentity?: CheckIdentity;
  ALPNProtocols?: unknown;
}

interface Net {
  Socket: new (options: object) => NetSocket;
  Server: (new (...parameters: unknown[]) => object) & { prototype: object };
  _normalizeArgs: (parameters: unknown[]) => unknown[];
}

/** Bytes; what TLS allows. */
const minFragment = 512;
const maxFragment = 16 * 1024;

export function createModule(parts: RealmParts): Exports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const net = parts.require("net") as unknown as Net;
  const createContext = (options: object) => {
    const { createSecureContext } = parts.require("internal/tls/common");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- common.ts
    return (
      createSecureContext as (options: object) => {
        context: ContextWishes;
      }
    )(options);
  };

  class TLSSocket extends net.Socket {
    readonly encrypted = true;
    authorized = false;
    authorizationError: unknown = null;
    alpnProtocol: string | false | null = null;
    servername: string | false | null = null;
    secureConnecting = true;
    _secureEstablished = false;
    readonly _tlsOptions: TlsOptions;
    #state: State | undefined;
    #hasBegun = false;
    #servername: string | undefined;
    readonly #under: NetSocket | undefined;

    constructor(socket?: NetSocket | null, options: TlsOptions = {}) {
      if (options.isServer)
        throw refusal(
          "TLS for a server",
          "an extension is reached by its invocations alone",
        );
      const under = socket ?? undefined;
      if (under && !under.connecting && !under._handle?.startTls)
        throw refusal(
          "TLS over a stream that is no TCP connection",
          "the platform begins TLS on connections alone",
        );
      const handle = under && !under.connecting ? under._handle : undefined;
      super({
        ...(handle && { handle }),
        manualStart: true,
        allowHalfOpen: under ? under.allowHalfOpen : options.allowHalfOpen,
      });
      this._tlsOptions = options;
      this.#under = under;
      if (!under) return;
      if (handle) under._handle = null;
      this.on("close", () => void under.destroy());
      under.on("close", () => void this.destroy());
      under.on("error", (error: unknown) => void this.destroy(error));
    }

    /** Nothing of a TLS socket's own is kept between connections. */
    get ssl(): object {
      return {
        verifyError: () => this.authorizationError,
        getPeerCertificate: () => this.getPeerCertificate(),
      };
    }

    setServername(name: string): void {
      const { validateString } = parts.require("internal/validators");
      if (typeof validateString === "function") validateString(name, "name");
      this.#servername = name;
    }

    /** As `net` has it, Node's own code begins TLS so. */
    _start(): void {
      const under = this.#under;
      if (under && !this._handle) {
        if (under.connecting) {
          this.connecting = true;
          under.once("connect", () => this.#take(under));
          return;
        }
      }
      if (this.connecting) this.once("connect", () => this.#begin());
      else this.#begin();
    }

    _releaseControl(): boolean {
      return true;
    }

    /** The plain connection is open only now. */
    #take(under: NetSocket): void {
      const handle = under._handle;
      under._handle = null;
      this.connecting = false;
      adopt(parts, this, handle);
      this.emit("connect");
      this.#begin();
    }

    #begin(): void {
      if (this.#hasBegun || this.destroyed) return;
      this.#hasBegun = true;
      const start = this._handle?.startTls;
      if (!start) {
        this.destroy(
          refusal("TLS over this stream", "it is no TCP connection"),
        );
        return;
      }
      start.call(this._handle, JSON.stringify(this.#wishes()), {
        secured: (state) => this.#secured(state),
        failed: (error) => void this.destroy(error),
      });
    }

    #wishes(): object {
      const options = this._tlsOptions;
      const context = options.secureContext ?? createContext(options);
      const servername = this.#servername ?? options.servername;
      const alpnProtocols = protocolsOf(options.ALPNProtocols);
      return {
        ...context.context,
        ...(servername && { servername }),
        // A function of the guest's own looks at it in here.
        ...(!options.checkServerIdentity && { identity: this.#identity }),
        ...(alpnProtocols.length > 0 && { alpnProtocols }),
        rejectUnauthorized: options.rejectUnauthorized !== false,
      };
    }

    get #identity(): string {
      const { servername, host } = this._tlsOptions;
      return (
        this.#servername ||
        servername ||
        host ||
        this.#under?._host ||
        "localhost"
      );
    }

    #secured(state: State): void {
      if (this.destroyed) return;
      this.#state = state;
      this.authorized = state.authorized;
      this.authorizationError = state.authorizationError ?? null;
      this.alpnProtocol = state.alpnProtocol;
      this.servername = state.servername || false;
      const { checkServerIdentity, rejectUnauthorized } = this._tlsOptions;
      if (state.authorized && checkServerIdentity) {
        const certificate = this.getPeerCertificate(true);
        const error = checkServerIdentity(this.#identity, certificate);
        if (error) {
          this.authorized = false;
          this.authorizationError = codeOf(error);
          if (rejectUnauthorized !== false) {
            this.destroy(error);
            return;
          }
        }
      }
      this.secureConnecting = false;
      this._secureEstablished = true;
      this.emit("secure");
      this.emit("secureConnect");
      if (!this.destroyed) this.read(0);
    }

    override _read(bytes: number): void {
      if (this._secureEstablished) super._read(bytes);
      else this.once("secure", () => super._read(bytes));
    }

    override _writeGeneric(
      isMany: boolean,
      data: unknown,
      encoding: string,
      done: (error?: unknown) => void,
    ): void {
      if (this._secureEstablished)
        super._writeGeneric(isMany, data, encoding, done);
      else
        this.once("secure", () =>
          super._writeGeneric(isMany, data, encoding, done),
        );
    }

    override _final(done: (error?: unknown) => void): void {
      if (this._secureEstablished || this.destroyed) super._final(done);
      else this.once("secure", () => super._final(done));
    }

    getPeerCertificate(isDetailed = false): Certificate {
      return certificateOf(parts, this.#state?.certificates ?? [], isDetailed);
    }

    getPeerX509Certificate(): unknown {
      const { raw } = this.getPeerCertificate();
      if (raw === undefined) return undefined;
      const { X509Certificate } = parts.require("crypto");
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
      return new (X509Certificate as new (raw: unknown) => object)(raw);
    }

    getCipher(): object | undefined {
      return this.#state?.cipher;
    }
    getProtocol(): string | null {
      return this.#state?.protocol ?? null;
    }
    isSessionReused(): boolean {
      return this.#state?.isSessionReused ?? false;
    }
    getCertificate(): object {
      return {};
    }
    getX509Certificate(): undefined {}
    getEphemeralKeyInfo(): object {
      const key = this.#state?.ephemeralKey ?? {};
      // Of a group that has no size Node says so.
      const size: unknown = Reflect.get(key, "size");
      return "name" in key ? { ...key, size } : { ...key };
    }
    getSharedSigalgs(): string[] {
      return [];
    }
    getSession(): undefined {}
    getTLSTicket(): undefined {}
    /** By these both sides know that they speak over the same TLS. */
    getFinished(): Uint8Array | undefined {
      return bytesOf(parts, this.#state?.finished);
    }
    getPeerFinished(): Uint8Array | undefined {
      return bytesOf(parts, this.#state?.peerFinished);
    }
    setSession(): void {}
    setMaxSendFragment(size: number): boolean {
      return size >= minFragment && size <= maxFragment;
    }
    disableRenegotiation(): void {}
    enableTrace(): void {}
    renegotiate(
      options: unknown,
      done?: (error: Error | null) => void,
    ): boolean {
      const { validateObject } = parts.require("internal/validators");
      if (typeof validateObject === "function")
        validateObject(options, "options");
      const error = refusal("renegotiation", "the platform speaks TLS");
      if (done) parts.runtime.soon(() => done(error));
      return false;
    }
    exportKeyingMaterial(): never {
      throw refusal("exportKeyingMaterial", "the platform speaks TLS");
    }
    setKeyCert(): void {}
  }

  const connect = (...given: unknown[]) => {
    const [normal, listener] = normalized(net, given);
    const options: TlsOptions = {
      ...normal,
      rejectUnauthorized: normal.rejectUnauthorized !== false,
    };
    const { isIP } = parts.require("internal/net");
    if (
      options.servername &&
      typeof isIP === "function" &&
      isIP(options.servername)
    )
      throw new TypeError(
        "Setting the TLS ServerName to an IP address is not permitted.",
      );
    options.secureContext ??= createContext(options);
    const socket = new TLSSocket(options.socket, options);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the guest gave it as one
    if (listener) socket.once("secureConnect", listener as () => void);
    if (!options.socket) {
      if (options.timeout) socket.setTimeout(options.timeout);
      socket.connect(options);
    }
    if (options.servername) socket.setServername(options.servername);
    socket._start();
    return socket;
  };

  return {
    TLSSocket,
    ...createServerClass(parts, net.Server, createContext),
    connect,
  };
}

/** The socket goes on with another's handle. */
function adopt(
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

function normalized(net: Net, given: unknown[]): [TlsOptions, unknown] {
  const [first, listener] = net._normalizeArgs(given);
  const more = [given[1], given[2]].find(
    (one) => typeof one === "object" && one !== null,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- whatever the guest gave
  return [{ ...(first as object), ...(more as object) }, listener];
}

/** Names, or names with their lengths before them. */
function protocolsOf(value: unknown): string[] {
  if (Array.isArray(value))
    return value.map((one: unknown) =>
      one instanceof Uint8Array ? String.fromCharCode(...one) : String(one),
    );
  if (!(value instanceof Uint8Array)) return [];
  const names: string[] = [];
  for (let at = 0; at < value.length; at += 1 + (value[at] ?? 0)) {
    const end = at + 1 + (value[at] ?? 0);
    names.push(String.fromCharCode(...value.subarray(at + 1, end)));
  }
  return names;
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : error.message;
}
