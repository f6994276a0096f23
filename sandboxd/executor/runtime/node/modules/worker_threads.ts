/** No threads: this is the main one. Channels of messages are the globals. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

const reason = "an extension runs in one thread";
/** Of the globals, where there are any. */
const channels = ["MessageChannel", "MessagePort", "BroadcastChannel"] as const;

export function createModule(parts: RealmParts): Exports {
  const environment = new Map<unknown, unknown>();
  const marked = new WeakSet<object>();
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
      if (typeof object === "object" && object !== null) marked.add(object);
    },
    isMarkedAsUntransferable: (object: unknown) =>
      typeof object === "object" && object !== null && marked.has(object),
    markAsUncloneable: () => undefined,
  });
  const messaging = parts.internalBinding("messaging");
  for (const name of channels) {
    const found: unknown = Reflect.get(globalThis, name);
    if (found !== undefined) exports[name] = found;
  }
  if (typeof messaging["receiveMessageOnPort"] === "function")
    exports["receiveMessageOnPort"] = receive(parts, messaging);
  return exports;
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
