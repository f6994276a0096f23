/** No threads: this is the main one. Channels of messages are the globals. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

const reason = "an extension runs in one thread";
/** Of a transfer mode. */
const cloneable = 2;
/** Of the globals, where there are any. */
const channels = ["MessageChannel", "MessagePort", "BroadcastChannel"] as const;

export function createModule(parts: RealmParts): Exports {
  const environment = new Map<unknown, unknown>();
  const privateSymbols = Object(
    parts.internalBinding("util")["privateSymbols"],
  );
  const heldKey: symbol = privateSymbols.untransferable_object_private_symbol;
  const modeKey: symbol = privateSymbols.transfer_mode_private_symbol;
  const exports = unavailableModule(parts, "worker_threads", reason, {
    isMainThread: true,
    isInternalThread: false,
    parentPort: null,
    workerData: null,
    threadId: 0,
    threadName: "",
    resourceLimits: {},
    SHARE_ENV: Symbol.for("nodejs.worker_threads.SHARE_ENV"),
    setEnvironmentData: (key: unknown, value: unknown) => {
      if (value === undefined) environment.delete(key);
      else environment.set(key, value);
    },
    getEnvironmentData: (key: unknown) => environment.get(key),
    markAsUntransferable: (object: unknown) => {
      if (isObject(object)) hide(object, heldKey, true);
    },
    isMarkedAsUntransferable: (object: unknown) =>
      isObject(object) && Reflect.get(object, heldKey) !== undefined,
    markAsUncloneable: (object: unknown) => {
      if (!isObject(object)) return;
      const mode = Number(Reflect.get(object, modeKey) ?? 0);
      hide(object, modeKey, mode & ~cloneable);
    },
  });
  const messaging = parts.internalBinding("messaging");
  for (const name of channels) {
    const found: unknown = Reflect.get(globalThis, name);
    if (found !== undefined) exports[name] = found;
  }
  if (typeof messaging["receiveMessageOnPort"] === "function")
    exports["receiveMessageOnPort"] = receive(parts, messaging);
  exports["moveMessagePortToContext"] = messaging["moveMessagePortToContext"];
  return exports;
}

function isObject(value: unknown): value is object {
  return (
    (typeof value === "object" && value !== null) || typeof value === "function"
  );
}

/** What is a private symbol in Node no program may stumble over. */
function hide(object: object, key: symbol, value: unknown): void {
  Reflect.defineProperty(object, key, {
    value,
    writable: true,
    configurable: true,
  });
}

/** As Node's: the binding has a symbol for "nothing there". */
function receive({ internalBinding }: RealmParts, messaging: Exports) {
  const nothing = internalBinding("symbols")["no_message_symbol"];
  return (port: unknown) => {
    const take = Object(messaging["receiveMessageOnPort"]);
    const message: unknown = Reflect.apply(take, undefined, [
      Reflect.get(Object(port), "port") ?? port,
    ]);
    return message === nothing || message === undefined
      ? undefined
      : { message };
  };
}
