/** What a guest finds on `globalThis` beside the language. Heavy ones are getters that take up their polyfill when read. */
import type { AsyncContext } from "./async-context.ts";
import type { Call, Calls } from "./calls.ts";
import { type GuestConsole } from "./console.ts";
import type { Fetch } from "./fetch/fetch.ts";
import { apply, defineProperty, enqueue, valueProperty } from "./intrinsics.ts";
import type { Host, Realm } from "./node/realm.ts";
import { refuseCallback } from "./process.ts";
import { installStacks } from "./stacks.ts";
import type { Timers } from "./timers.ts";
import { defineLoaded, installWebGlobals } from "./web-globals.ts";
import { defineHidden, withhold } from "./withheld.ts";

export interface GlobalParts {
  calls: Calls;
  timers: Timers;
  console: GuestConsole;
  realm: Realm;
  fetch: Fetch;
  context: AsyncContext;
  host: Host;
  /** Told what a microtask of the guest's throws. */
  failed: (call: Call, thrown: unknown) => void;
}

/** Puts the globals in place; before any guest code. */
export function installGlobals({
  calls,
  timers,
  console,
  realm,
  host,
  fetch,
  context,
  failed,
}: GlobalParts): void {
  withhold();
  installStacks(realm, host);
  defineHidden(globalThis, "console", console);
  define("global", globalThis);
  defineProperty(globalThis, Symbol.toStringTag, {
    value: "global",
    configurable: true,
  });
  define("setTimeout", timers.setTimeout);
  define("setInterval", timers.setInterval);
  define("setImmediate", timers.setImmediate);
  define("clearTimeout", timers.clearTimeout);
  define("clearInterval", timers.clearInterval);
  define("clearImmediate", timers.clearImmediate);
  define("queueMicrotask", queueMicrotaskOf({ calls, context, realm, failed }));
  define("fetch", fetch);
  defineLoaded("Buffer", false, () => realm.internal("buffer")["Buffer"]);
  defineLoaded("process", false, () => realm.internal("process"));
  installWebGlobals(realm);
}

function queueMicrotaskOf({
  calls,
  context,
  realm,
  failed,
}: Pick<GlobalParts, "calls" | "context" | "realm" | "failed">): (
  callback: unknown,
) => void {
  return (callback) => {
    if (typeof callback !== "function") refuseCallback(realm, callback);
    const call = calls.current();
    const frame = context.current();
    void enqueue(() => {
      try {
        context.within(frame, () => apply(callback, undefined, []));
      } catch (thrown) {
        failed(call, thrown);
      }
    });
  };
}

/** What `for…in` shows, as in Node. */
function define(name: string, value: unknown): void {
  // The build takes the names of what is only handed over.
  if (typeof value === "function" && value.name === "")
    defineProperty(value, "name", { value: name, configurable: true });
  defineProperty(globalThis, name, valueProperty(value));
}
