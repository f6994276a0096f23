/**
 * Node's `tls.Server`, as programs make it when they load: its options are checked, its requests can be handed to it, but
 * it cannot listen, for there is no OpenSSL in an isolate.
 */
// oxlint-disable no-underscore-dangle -- members of Node's own class
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

interface ServerSelf {
  _contexts: [name: RegExp, context: unknown][];
  _sharedCreds: unknown;
  on: (event: string, listener: unknown) => void;
  once: (event: string, listener: unknown) => void;
  emit: (event: string, ...news: unknown[]) => void;
  setSecureContext: (options: object) => void;
}

interface ServerOptions {
  requestCert?: boolean;
  rejectUnauthorized?: boolean;
  ALPNCallback?: unknown;
  ALPNProtocols?: unknown;
  ticketKeys?: unknown;
  SNICallback?: unknown;
}

type NetServer = (new (options?: object) => object) & { prototype: object };
type ErrorClass = new (...words: unknown[]) => Error;

const ticketKeyBytes = 48;
/** Of a context, those that the server shows as its own too. */
const shown = ["pfx", "key", "passphrase", "cert", "ca", "ciphers", "crl"];

export function createServerClass(
  parts: RealmParts,
  netServer: NetServer,
  createContext: (options: object) => { context: unknown },
): Exports {
  const codes = () => {
    const { codes: known } = parts.require("internal/errors");
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
    return known as Record<string, ErrorClass>;
  };
  const check = (name: string, value: unknown, what: string) => {
    const validate = parts.require("internal/validators")[name];
    if (typeof validate === "function") validate(value, what);
  };
  const keysOf = new WeakMap<object, Uint8Array>();

  // Node's https calls it as a function, on an object of its own.
  function Server(
    this: ServerSelf | undefined,
    given?: unknown,
    listener?: unknown,
  ): unknown {
    if (!(this instanceof Server))
      return Reflect.construct(Server, [given, listener]);
    const options = optionsOf(given);
    this._contexts = [];
    Object.assign(this, {
      requestCert: options.requestCert === true,
      rejectUnauthorized: options.rejectUnauthorized !== false,
      ALPNCallback: options.ALPNCallback,
    });
    if (options.ALPNCallback && options.ALPNProtocols)
      throw failed("ERR_TLS_ALPN_CALLBACK_WITH_PROTOCOLS");
    if (options.ALPNProtocols) {
      const { convertALPNProtocols } = parts.require("tls");
      if (typeof convertALPNProtocols === "function")
        convertALPNProtocols(options.ALPNProtocols, this);
    }
    this.setSecureContext(options);
    if (options.SNICallback)
      check("validateFunction", options.SNICallback, "options.SNICallback");
    Reflect.apply(netServer, this, [options]);
    if (options.ticketKeys) setTicketKeys.call(this, options.ticketKeys);
    const told = typeof given === "function" ? given : listener;
    if (told) this.on("secureConnection", told);
    return undefined;
  }

  const optionsOf = (given: unknown): ServerOptions => {
    if (given === undefined || given === null || typeof given === "function")
      return {};
    if (typeof given === "object") return given;
    throw failed("ERR_INVALID_ARG_TYPE", "options", "Object", given);
  };
  const failed = (code: string, ...words: unknown[]): Error => {
    const Failure = codes()[code];
    return Failure ? new Failure(...words) : new TypeError(code);
  };

  function setSecureContext(this: ServerSelf, options: object): void {
    check("validateObject", options, "options");
    for (const name of shown)
      Reflect.set(this, name, Reflect.get(options, name) || undefined);
    this._sharedCreds = createContext(options);
  }

  function setTicketKeys(this: object, keys: unknown): void {
    check("validateBuffer", keys, "buffer");
    if (!(keys instanceof Uint8Array) || keys.length !== ticketKeyBytes)
      throw new Error(
        `Session ticket keys must be a ${ticketKeyBytes}-byte buffer`,
      );
    keysOf.set(this, keys);
  }

  function getTicketKeys(this: object): unknown {
    const { randomBytes } = parts.require("crypto");
    if (!keysOf.has(this) && typeof randomBytes === "function")
      keysOf.set(this, randomBytes(ticketKeyBytes));
    return keysOf.get(this);
  }

  function addContext(this: ServerSelf, name: unknown, given: object): void {
    if (typeof name !== "string" || name === "")
      throw failed("ERR_TLS_REQUIRED_SERVER_NAME");
    const pattern = name
      .replaceAll(/[.^$+?\-\\[\]{}]/g, "\\$&")
      .replaceAll("*", "[^.]*");
    const made = "context" in given ? given : createContext(given);
    this._contexts.push([new RegExp(`^${pattern}$`, "i"), made.context]);
  }

  /** The server is told by an event, as where a port is taken. */
  function listen(this: ServerSelf, ...given: unknown[]): unknown {
    const listener = given.at(-1);
    if (typeof listener === "function") this.once("listening", listener);
    parts.runtime.soon(() =>
      this.emit(
        "error",
        refusal(
          "a TLS server that listens",
          "an extension is reached by its invocations alone",
        ),
      ),
    );
    return this;
  }

  Object.setPrototypeOf(Server, netServer);
  Object.setPrototypeOf(Server.prototype, netServer.prototype);
  const methods = {
    setSecureContext,
    getTicketKeys,
    setTicketKeys,
    addContext,
    listen,
  };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(Server.prototype, name, {
      value,
      writable: true,
      configurable: true,
    });
  return {
    Server,
    createServer: (...given: unknown[]) => Reflect.construct(Server, given),
  };
}
