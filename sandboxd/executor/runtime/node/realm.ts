/**
 * Where Node's own library finds itself at home in a bare isolate: its loader, its `internalBinding`, and the intrinsics
 * it keeps. Everything is evaluated when it is first required, so that code which uses none of it pays nothing.
 */
import type { AsyncContext } from "../async-context.ts";
import {
  append,
  apply,
  defineProperty,
  dictionary,
  hasOwn,
  isObject,
  readProperty,
  sliceText,
  TypeErrorIntrinsic,
  ErrorIntrinsic,
  valueProperty,
} from "../intrinsics.ts";
import type { Proxies } from "../proxies.ts";
import { createPendingPromises } from "./pending-promises.ts";
import type { Uncaught } from "../uncaught.ts";
import { createPrimordials } from "./primordials.ts";

/** What travels to and from the executor's own Node: copied, never shared. */
export type HostValue =
  | undefined
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly HostValue[]
  | { readonly [name: string]: HostValue };

/** Asks the executor's own Node for something, now. What it refuses is thrown, with a name and a code. */
export type Host = (operation: string, ...parameters: HostValue[]) => HostValue;

/** Evaluates a script of the library and gives its value, or undefined where there is none of that name. */
export type LoadScript = (id: string) => unknown;

/** What a module or binding of ours is made with. */
export interface RealmParts {
  /** The intrinsics, as Node's library names them. */
  readonly primordials: Primordials;
  /** A binding of Node's by its name there. */
  readonly internalBinding: (name: string) => Exports;
  /** Any module of Node's library, also the internal ones. */
  readonly require: (id: string) => Exports;
  /** A script of the library, e.g. `package:undici`. */
  readonly loadScript: LoadScript;
  readonly process: Exports;
  readonly host: Host;
  readonly runtime: RuntimeParts;
}

/** What the runtime around it does for Node's library. */
export interface RuntimeParts {
  /** See timers.ts. */
  readonly timers: unknown;
  /** See sockets.ts. */
  readonly sockets: unknown;
  /** A line of the running call's log. */
  readonly log: (level: string, text: string) => void;
  /** Runs work when what runs now is over, before timers and news. */
  readonly soon: (work: () => void) => void;
  /** Runs what `soon` put off, now. */
  readonly runTicks: () => void;
  /** What keeps the running call from its end, as Node calls such things. */
  readonly activeResources: () => string[];
  /** Runs work when the running call ends, unless what it gives is called; never for a top level. */
  readonly onEnd: (work: () => void) => () => void;
  /** The call that runs. */
  readonly call: () => { isInvocation: boolean; answered: boolean };
  /** Ends the running call with this code. */
  readonly exit: (code: number) => never;
  /** The environment of the version: what its parameters say. The same object until they change. */
  readonly environment: () => Record<string, string>;
  /** What AsyncLocalStorage keeps; see async-context.ts. */
  readonly asyncContext: AsyncContext;
  /** What the guest's proxies stand for. */
  readonly proxies: Proxies;
  /** What nobody waits for; see uncaught.ts. */
  readonly uncaught: Uncaught;
  /** The global `console`. */
  readonly console: () => Exports;
  /** For the process's streams, once they are made: the console looks what a guest has made of them. */
  readonly outputs: { stdout?: object; stderr?: object };
  /** The bundle of the version: its file's name, and its text. */
  readonly bundle: () => { fileName: string; text: () => string };
}

export type Exports = Record<string, unknown>;
export type Primordials = Exports;

export interface RealmOptions {
  loadScript: LoadScript;
  host: Host;
  runtime: RuntimeParts;
}

export interface Realm {
  /** The module that a guest asks for, with or without `node:`; throws as Node does for a name it has not. */
  require: (name: unknown) => unknown;
  /** A program begins: what was required before is none of its doing. */
  begin: () => void;
  /** Whether it has required Node's `http`. */
  usesHttp: () => boolean;
  /** See host.ts. */
  readonly host: Host;
  /** A module of Node's library, for the runtime itself. */
  internal: (id: string) => Exports;
  /** Such a module, if it is loaded. */
  loaded: (id: string) => Exports | undefined;
}

/** The code on an error of `require`, by which the executor tells it from the guest's own. */
export const moduleNotFoundCode = "MODULE_NOT_FOUND";

interface Module {
  id: string;
  exports: Exports;
}

type ModuleBody = (
  exports: Exports,
  require: (id: string) => Exports,
  module: Module,
  process: Exports,
  internalBinding: (name: string) => Exports,
  primordials: Primordials,
) => void;
type Create = (parts: RealmParts) => Exports;

const debugLog = "internal/util/debuglog";
const addresses = "url";
const modulePrefix = "module:";
const bindingPrefix = "binding:";
const factsPrefix = "facts:";

/** Nothing is loaded before the first `require`. */
export function createRealm(options: RealmOptions): Realm {
  let parts: RealmParts | undefined;
  const modules = dictionary<Module>();
  const open = () => (parts ??= openLibrary(options, modules));
  let publicNames: Record<string, unknown> | undefined;
  let usesHttp = false;
  const isPublic = (id: string) => {
    publicNames ??= factsOf(options.loadScript, "public_modules");
    return hasOwn(publicNames, id);
  };
  const needsScheme = (id: string) => {
    const fact = publicNames?.[id];
    return isObject(fact) && readProperty(fact, "hasScheme") === true;
  };
  return {
    require: (name) => {
      if (typeof name !== "string")
        throw new TypeErrorIntrinsic("require wants the name of a module");
      const id = withoutScheme(name);
      if (!isPublic(id) || (id === name && needsScheme(id)))
        throw moduleNotFound(name);
      if (id === "http" || id === "https") usesHttp = true;
      return open().require(id);
    },
    begin: () => {
      usesHttp = false;
    },
    usesHttp: () => usesHttp,
    host: options.host,
    internal: (id) => open().require(id),
    loaded: (id) => modules[id]?.exports,
  };
}

function openLibrary(
  { loadScript, host, runtime }: RealmOptions,
  modules: Record<string, Module>,
): RealmParts {
  const primordials = createPrimordials(loadScript, runtime.asyncContext);
  const pending = createPendingPromises(primordials.values);
  const loaded: string[] = [];
  const process: Exports = { moduleLoadList: loaded };
  const bindings = dictionary<Exports>();

  const internalBinding = (name: string): Exports => {
    const known = bindings[name];
    if (known) return known;
    const binding = factsOf(loadScript, name);
    // Before it is complete: what it needs may need it.
    bindings[name] = binding;
    const create = loadScript(bindingPrefix + name);
    if (typeof create === "function")
      assign(binding, callCreate(create, parts));
    append(loaded, `Internal Binding ${name}`);
    return binding;
  };

  const require = (id: string): Exports => {
    const known = modules[id];
    if (known) return known.exports;
    const module: Module = { id, exports: {} };
    modules[id] = module;
    try {
      evaluate(module);
      if (id === debugLog) beginDebugLog(module, process);
      if (id === addresses) addObjectUrls(require("internal/url"));
      pending.complete(id, module.exports);
      append(loaded, `NativeModule ${id}`);
    } catch (thrown) {
      delete modules[id];
      throw thrown;
    }
    return module.exports;
  };

  const evaluate = (module: Module) => {
    const create = loadScript(modulePrefix + module.id);
    if (typeof create === "function") {
      module.exports = callCreate(create, parts);
      return;
    }
    const body = loadScript(module.id);
    if (typeof body !== "function")
      throw new ErrorIntrinsic(`no module ${module.id} in this runtime`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build wraps each of Node's modules so
    const run = body as ModuleBody;
    run(
      module.exports,
      require,
      module,
      process,
      internalBinding,
      pending.primordialsFor(module.id),
    );
  };

  const parts: RealmParts = {
    primordials: primordials.values,
    internalBinding,
    require,
    loadScript,
    process,
    host,
    runtime,
  };
  bindings["messaging"] = primordials.messaging;
  bindings["symbols"] = primordials.symbols;
  bindings["util"] = assign(factsOf(loadScript, "util"), {
    privateSymbols: primordials.privateSymbols,
  });
  for (const name of ["messaging", "util"] as const) {
    const create = loadScript(bindingPrefix + name);
    const binding = bindings[name];
    if (typeof create === "function" && binding)
      assign(binding, callCreate(create, parts));
  }
  // It fills the object that every module was given.
  parts.require("internal/process");
  return parts;
}

/** Node does so when it starts; here only programs that come to it pay for it. */
function beginDebugLog({ exports }: Module, { env }: Exports): void {
  const begin = exports["initializeDebugEnv"];
  const wanted = isObject(env) ? readProperty(env, "NODE_DEBUG") : undefined;
  if (typeof begin === "function") apply(begin, undefined, [wanted]);
}

/** `URL.createObjectURL` and its counterpart, which Node adds when it starts. */
export function addObjectUrls({ installObjectURLMethods }: Exports): void {
  if (typeof installObjectURLMethods === "function")
    apply(installObjectURLMethods, undefined, []);
}

function callCreate(create: unknown, parts: RealmParts): Exports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build wraps each script of ours so
  return (create as Create)(parts);
}

/** What Node knows of itself, as the build found it. */
function factsOf(loadScript: LoadScript, name: string): Exports {
  const facts = loadScript(factsPrefix + name);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a script of plain data
  return typeof facts === "function"
    ? (apply(facts, undefined, []) as Exports)
    : {};
}

function assign(target: Exports, source: Exports): Exports {
  const names = Reflect.ownKeys(source);
  for (let at = 0; at < names.length; at++) {
    const name = names[at];
    if (name === undefined) continue;
    const descriptor = Reflect.getOwnPropertyDescriptor(source, name);
    if (descriptor) defineProperty(target, name, descriptor);
  }
  return target;
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
