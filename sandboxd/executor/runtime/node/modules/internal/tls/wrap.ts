/**
 * TLS sockets with the members of Node's, thinner: a plain connection of `net`, on which the broker begins TLS. What the
 * guest writes before that is done waits here, so that nothing of it goes out in the clear.
 */
/* oxlint-disable no-underscore-dangle -- members of net.Socket by Node's own names */
import type { Exports, RealmParts } from "../../../realm.ts";
import { certificateOf, type Certificate } from "../../../tls/certificates.ts";
import { createServerClass } from "../../../tls/server.ts";
import { addTold, type State } from "../../../tls/told.ts";
import { adopt, handleOver, type NetSocket } from "../../../tls/under.ts";
import { normalized, wishesOf, type TlsOptions } from "../../../tls/wishes.ts";
import { refusal } from "../../../unavailable.ts";
import type { ContextWishes } from "./common.ts";

interface Net {
  Socket: new (options: object) => NetSocket;
  Server: (new (...parameters: unknown[]) => object) & { prototype: object };
  _normalizeArgs: (parameters: unknown[]) => unknown[];
}

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
  const states = new WeakMap<object, State>();
  const peerOf = (socket: object, isDetailed: boolean): Certificate =>
    certificateOf(parts, states.get(socket)?.certificates ?? [], isDetailed);

  class TLSSocket extends net.Socket {
    readonly encrypted = true;
    authorized = false;
    authorizationError: unknown = null;
    alpnProtocol: string | false | null = null;
    servername: string | false | null = null;
    secureConnecting = true;
    _secureEstablished = false;
    readonly _tlsOptions: TlsOptions;
    #hasBegun = false;
    #servername: string | undefined;
    readonly #under: NetSocket | undefined;

    constructor(socket?: NetSocket | null, options: TlsOptions = {}) {
      const under = socket ?? undefined;
      const handle = under && handleOver(parts, under);
      super({
        ...(handle && { handle }),
        manualStart: true,
        allowHalfOpen: under ? under.allowHalfOpen : options.allowHalfOpen,
      });
      this._tlsOptions = options;
      this.#under = under;
      if (!under) return;
      if (handle === under._handle) under._handle = null;
      this.connecting = under.connecting || !handle;
      if (under.destroyed)
        parts.runtime.soon(() => void this.destroy(disconnected()));
      if (!handle) under.once("connect", () => this.#take(under));
      this.on("close", () => void under.destroy());
      under.on("close", () => void this.destroy());
      under.on("error", (error: unknown) => void this.destroy(error));
    }

    /** Nothing of a TLS socket's own is kept between connections. */
    get ssl(): object {
      return {
        verifyError: () => this.authorizationError,
        getPeerCertificate: () => peerOf(this, false),
      };
    }

    setServername(name: string): void {
      const { validateString } = parts.require("internal/validators");
      if (typeof validateString === "function") validateString(name, "name");
      this.#servername = name;
    }

    /** As `net` has it, Node's own code begins TLS so. */
    _start(): void {
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
    }

    #begin(): void {
      if (this.#hasBegun || this.destroyed) return;
      this.#hasBegun = true;
      const start = this._handle?.startTls;
      if (!start || this._tlsOptions.isServer) {
        this.destroy(
          start
            ? refusal(
                "TLS for a server",
                "an extension is reached by its invocations alone",
              )
            : refusal(
                "TLS over a stream that is no TCP connection",
                "the platform begins TLS on connections alone",
              ),
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
      const { context } = options.secureContext ?? createContext(options);
      const servername = this.#servername ?? options.servername;
      return wishesOf(options, context, {
        ...(servername !== undefined && { servername }),
        identity: this.#identity,
      });
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
      states.set(this, state);
      this.authorized = state.authorized;
      this.authorizationError = state.authorizationError ?? null;
      this.alpnProtocol = state.alpnProtocol;
      this.servername = state.servername || false;
      const { checkServerIdentity, rejectUnauthorized } = this._tlsOptions;
      if (state.authorized && checkServerIdentity) {
        const error = checkServerIdentity(this.#identity, peerOf(this, true));
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
      if (this._secureEstablished) return super._read(bytes);
      this.once("secure", () => super._read(bytes));
      // A client begins when it has something to say.
      if (this._tlsOptions.isServer && !this.connecting) this.#begin();
    }

    override _writeGeneric(
      isMany: boolean,
      data: unknown,
      encoding: string,
      done: (error?: unknown) => void,
    ): void {
      const isOpen = this._handle !== null || this.connecting;
      if (this._secureEstablished || !isOpen)
        return super._writeGeneric(isMany, data, encoding, done);
      this.once("secure", () =>
        super._writeGeneric(isMany, data, encoding, done),
      );
      this._start();
    }

    override _final(done: (error?: unknown) => void): void {
      if (this._secureEstablished || this.destroyed) super._final(done);
      else this.once("secure", () => super._final(done));
    }
  }
  addTold(parts, TLSSocket.prototype, (socket) => states.get(socket));

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

/** On Node nobody is told, and waits. */
function disconnected(): Error {
  const words =
    "Client network socket disconnected before secure TLS connection was established";
  return Object.assign(new Error(words), { code: "ECONNRESET" });
}

function codeOf(error: Error): unknown {
  return "code" in error ? error.code : error.message;
}
