/**
 * What `require` knows inside the isolate: Node's modules as far as kept polyfills carry them. Each is evaluated when it
 * is first asked for, so that code that uses none pays nothing. A module to come is one more row here.
 */
import {
  ErrorIntrinsic,
  TypeErrorIntrinsic,
  apply,
  defineProperty,
  deleteProperty,
  dictionary,
  sliceText,
  valueProperty,
} from "./intrinsics.ts";

/** The module table of one isolate. */
export interface Modules {
  /** A module by name, with or without `node:`; throws as Node does for a name it has not. */
  require(name: unknown): unknown;
  /** One line of text, as console.log of Node makes it. */
  format(parts: unknown[]): string;
}

/** The code on an error of `require`, by which the executor tells it from the guest's own. */
export const moduleNotFoundCode = "MODULE_NOT_FOUND";

export function createModules(): Modules {
  const loaders = moduleLoaders();
  return {
    require: (name) => {
      if (typeof name !== "string")
        throw new TypeErrorIntrinsic("require wants the name of a module");
      const load = loaders[withoutScheme(name)];
      if (!load) throw moduleNotFound(name);
      return load();
    },
    format: (parts) => {
      const inspect = loadInspect();
      return apply(inspect.format, inspect, parts);
    },
  };
}

interface Inspect {
  format: () => string;
}

/** node-inspect-extracted looks at every global of the language, also at what was taken away here. */
function loadInspect(): Inspect {
  const isMissing = !("Atomics" in globalThis);
  if (isMissing) defineProperty(globalThis, "Atomics", valueProperty({}));
  const inspect: Inspect = require("node-inspect-extracted");
  if (isMissing) deleteProperty(globalThis, "Atomics");
  return inspect;
}

/** esbuild turns each `require` into a function of the bundle that evaluates its module once. */
function moduleLoaders(): Record<string, () => unknown> {
  const loaders = dictionary<() => unknown>();
  loaders["buffer"] = () => require("buffer/");
  loaders["events"] = () => require("events/");
  loaders["stream"] = () => require("readable-stream");
  loaders["string_decoder"] = () => require("string_decoder/");
  loaders["querystring"] = () => require("querystring-es3");
  loaders["url"] = urlModule;
  loaders["timers"] = timersModule;
  return loaders;
}

/** The globals, which see to what their polyfill needs. */
function urlModule(): unknown {
  const { URL, URLSearchParams } = globalThis;
  return { URL, URLSearchParams };
}

function timersModule(): unknown {
  const { setTimeout, setInterval, setImmediate } = globalThis;
  const { clearTimeout, clearInterval, clearImmediate } = globalThis;
  return {
    setTimeout,
    setInterval,
    setImmediate,
    clearTimeout,
    clearInterval,
    clearImmediate,
  };
}

function withoutScheme(name: string): string {
  const hasScheme = sliceText(name, 0, 5) === "node:";
  return hasScheme ? sliceText(name, 5, name.length) : name;
}

function moduleNotFound(name: string): Error {
  const error = new ErrorIntrinsic(`Cannot find module '${name}'`);
  defineProperty(error, "code", valueProperty(moduleNotFoundCode));
  return error;
}
