/** The intrinsics as Node's library keeps them, and the symbols that its parts know one another's objects by. */
import type { AsyncContext } from "../async-context.ts";
import {
  apply,
  dictionary,
  defineProperty,
  valueProperty,
} from "../intrinsics.ts";
import type { Exports, LoadScript } from "./realm.ts";

export interface PrimordialParts {
  values: Exports;
  /** Properties no guest should see: here they are symbols that are reachable by looking for them. */
  privateSymbols: Exports;
  /** The binding `symbols`. */
  symbols: Exports;
  /** What the binding `messaging` begins with: DOMException. */
  messaging: Exports;
}

const scripts = [
  "internal/per_context/primordials",
  "internal/per_context/domexception",
  "internal/per_context/messageport",
] as const;

/** Of the language, taken away from guests; Node's library wants to see them while it takes its intrinsics. */
const takenAway = ["Atomics", "SharedArrayBuffer"] as const;

export function createPrimordials(
  loadScript: LoadScript,
  { chain }: AsyncContext,
): PrimordialParts {
  const values: Exports = {};
  const privateSymbols = symbolsOnDemand("private:");
  // A program sees what Node calls these.
  const symbols = symbolsOnDemand("");
  const messaging: Exports = {};
  const missing = takenAway.filter((name) => !(name in globalThis));
  for (const name of missing)
    defineProperty(globalThis, name, valueProperty(standIn(name)));
  for (const id of scripts) {
    const exports: Exports = {};
    const run = loadScript(id);
    if (typeof run === "function")
      apply(run, undefined, [exports, values, privateSymbols, symbols]);
    for (const name of Object.keys(exports)) messaging[name] = exports[name];
  }
  for (const name of missing) Reflect.deleteProperty(globalThis, name);
  return {
    values: carrying(values, chain),
    privateSymbols,
    symbols,
    messaging,
  };
}

/** Node's library freezes its own, and V8 carries stores through that `then`. */
function carrying(values: Exports, chain: AsyncContext["chain"]): Exports {
  const descriptor = valueProperty(chain);
  return Object.create(values, { PromisePrototypeThen: descriptor });
}

function standIn(name: (typeof takenAway)[number]): unknown {
  if (name === "Atomics") return {};
  return class SharedArrayBuffer {
    get byteLength(): number {
      throw new TypeError("there is no shared memory");
    }
  };
}

/** One symbol for each name that is asked for. */
function symbolsOnDemand(prefix: string): Exports {
  const known = dictionary<unknown>();
  return new Proxy(known, {
    get: (target, name) =>
      typeof name === "string"
        ? (target[name] ??= Symbol(prefix + name))
        : undefined,
  });
}
