/** Structured clone, and message channels between the parts of one isolate. */
import { createPorts, type Ports } from "../message-port.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";
import { createClone } from "../cloning/clone.ts";

const transferable = 1;

export function createBinding(parts: RealmParts): Exports {
  const { internalBinding, require, runtime } = parts;
  const messaging = internalBinding("messaging");
  const symbols = internalBinding("symbols");
  const DOMException = Object(messaging["DOMException"]);
  const mode = symbolOf(
    Object(internalBinding("util")["privateSymbols"]),
    "transfer_mode_private_symbol",
  );
  const heldKey = symbolOf(
    Object(internalBinding("util")["privateSymbols"]),
    "untransferable_object_private_symbol",
  );
  hideWhenSet(DOMException.prototype, mode);

  const cloneError = (message: string): Error =>
    Reflect.construct(DOMException, [message, "DataCloneError"]);
  let ports: Ports | undefined = undefined;
  const clone = createClone({
    isHeld: (value) => Reflect.get(value, heldKey) !== undefined,
    transferModeOf: (value) => {
      if (ports?.isPort(value)) return transferable;
      const found: unknown = Reflect.get(value, mode);
      return typeof found === "number" ? found : undefined;
    },
    symbols: {
      clone: symbolOf(symbols, "messaging_clone_symbol"),
      transfer: symbolOf(symbols, "messaging_transfer_symbol"),
      transferList: symbolOf(symbols, "messaging_transfer_list_symbol"),
    },
    receive: (info, data) => {
      const [id = "", name = ""] = info.split(":");
      const received: object = Reflect.construct(Object(require(id)[name]), []);
      const deserialize = symbolOf(symbols, "messaging_deserialize_symbol");
      Object(Reflect.get(received, deserialize)).call(received, data);
      return received;
    },
    move: (value) => ports?.move(value),
    createError: cloneError,
    proxies: runtime.proxies,
  });

  ports = createPorts({
    clone,
    later: (work) =>
      Object(Reflect.get(Object(runtime.timers), "setImmediate"))(work),
    onEnd: runtime.onEnd,
    context: runtime.asyncContext,
    emit: (port, data, carried) =>
      Object(messaging["emitMessage"]).call(port, data, carried, "message"),
    symbols: {
      onInit: symbolOf(symbols, "oninit"),
      onClose: symbolOf(symbols, "handle_onclose"),
      noMessage: symbolOf(symbols, "no_message_symbol"),
    },
    cloneError,
    typeError,
  });
  const { isPort: _isPort, move: _move, ...offered } = ports;
  return {
    ...offered,
    structuredClone: (value: unknown, options?: unknown) => {
      const list: unknown = Reflect.get(Object(options), "transfer");
      return clone(value, Array.isArray(list) ? list : []);
    },
    setDeserializerCreateObjectFunction: () => undefined,
    moveMessagePortToContext: (port: unknown) => {
      if (!ports?.isPort(Object(port)))
        throw typeError(
          "ERR_INVALID_ARG_TYPE",
          'The "port" argument must be a MessagePort instance',
        );
      throw refusal(
        "worker_threads.moveMessagePortToContext",
        "a context of vm has no ports of its own",
      );
    },
    exposeLazyDOMExceptionProperty: () => undefined,
  };
}

function typeError(code: string, message: string): Error {
  return Object.assign(new TypeError(message), { code });
}

function symbolOf(symbols: object, name: string): symbol {
  const found: unknown = Reflect.get(symbols, name);
  if (typeof found !== "symbol") throw new Error(`no symbol ${name}`);
  return found;
}

/** Node's own property of that kind is seen by nobody; here it is at least not listed. */
function hideWhenSet(prototype: object, name: symbol): void {
  Object.defineProperty(prototype, name, {
    set(this: object, value: unknown) {
      Object.defineProperty(this, name, {
        value,
        writable: true,
        configurable: true,
      });
    },
    configurable: true,
  });
}
