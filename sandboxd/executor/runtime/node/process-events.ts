/** Who listens to `process`, and the line of the log that a warning is. */
import type { Exports, RealmParts } from "./realm.ts";

/**
 * `process` is an EventEmitter. Its prototype learns that when a method is first asked for: Node's emitter is not small, and
 * most code listens to nothing.
 */
export function becomeEmitter(
  { process, require, runtime }: RealmParts,
  listening: (event: unknown) => void,
): void {
  const names = new Set<unknown>([
    ..."on once off emit addListener removeListener".split(" "),
    ..."removeAllListeners prependListener prependOnceListener".split(" "),
    ..."listeners rawListeners listenerCount eventNames".split(" "),
    ..."setMaxListeners getMaxListeners".split(" "),
  ]);
  let ancestor: object | undefined;
  const become = (): object => {
    if (ancestor) return ancestor;
    const EventEmitter = require("events");
    ancestor = Object(Reflect.get(EventEmitter, "prototype"));
    Object.setPrototypeOf(prototype, Object(ancestor));
    Reflect.apply(Object(EventEmitter), process, []);
    const on = Object(Reflect.get(process, "on"));
    Reflect.apply(on, process, [
      "warning",
      (warning: unknown) => runtime.log("warn", warningLine(process, warning)),
    ]);
    Reflect.apply(on, process, ["newListener", listening]);
    return Object(ancestor);
  };
  const untilAsked = new Proxy(Object.create(Object.prototype), {
    getPrototypeOf: become,
    has: (target, name) => names.has(name) || Reflect.has(target, name),
    get: (target, name) =>
      names.has(name) ? Reflect.get(become(), name) : Reflect.get(target, name),
  });
  const prototype: object = Object.create(untilAsked, {
    constructor: {
      value: Reflect.get(processClass, "process"),
      writable: true,
      configurable: true,
    },
  });
  Object.setPrototypeOf(process, prototype);
}

/** A function of that name is what Node calls its constructor. */
const processClass = {
  process: function () {
    return undefined;
  },
};

function warningLine(process: Exports, warning: unknown): string {
  const { code, detail } = Object(warning);
  const coded = code ? `[${String(code)}] ` : "";
  const more = typeof detail === "string" ? `\n${detail}` : "";
  return `(node:${String(process["pid"])}) ${coded}${String(warning)}${more}`;
}
