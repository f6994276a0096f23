/**
 * Fills `process`, the object that every module of Node's library was given before it was complete. It is made for whoever
 * requires anything, so whatever needs more of the library is a getter until it is read.
 */
import { environmentProxy } from "../../environment.ts";
import type { Exports, RealmParts } from "../../realm.ts";
import { standardStreams } from "../../standard-streams.ts";
import { refusal } from "../../unavailable.ts";
import { createUncaughtParts } from "../../uncaught-listener.ts";

type Method = (...parameters: unknown[]) => unknown;

const execPath = "/usr/local/bin/node";
const noProcesses = "an extension runs in an isolate without processes";
const noUsers = "an extension runs as nobody in particular";

export function createModule(parts: RealmParts): Exports {
  const { process, require, internalBinding, runtime } = parts;
  const { version, versions } = nodeFacts(parts);
  const uncaught = createUncaughtParts(parts);
  let title = "node";
  let environment: unknown = environmentProxy(runtime.environment);
  Object.assign(process, {
    version: `v${version}`,
    versions: Object.freeze({ ...versions, annex: "2026.1" }),
    arch: "x64",
    platform: "linux",
    release: Object.freeze({ name: "node", lts: "Annex" }),
    execArgv: [],
    execPath,
    argv0: "node",
    debugPort: 9229,
    pid: 1,
    ppid: 0,
    domain: null,
    moduleLoadList: [],
    mainModule: undefined,
    report: undefined,
    features: featuresOf(),
    config: Object.freeze({
      target_defaults: Object.freeze({}),
      variables: Object.freeze({}),
    }),
    sourceMapsEnabled: false,
    allowedNodeEnvironmentFlags: new Set(),
    nextTick: nextTickOf(parts),
    getBuiltinModule: (id: unknown) => builtin(parts, id),
    assert: (holds: unknown, message?: string) => {
      if (!holds) throw new Error(message ?? "assertion error");
    },
    binding: (name: unknown) => {
      throw new Error(`No such module: ${String(name)}`);
    },
    setSourceMapsEnabled: () => undefined,
    ...uncaught.methods,
    ref: () => undefined,
    unref: () => undefined,
    openStdin: () => process["stdin"],
    ...refusals(["abort", "dlopen", "_linkedBinding", "execve"], noProcesses),
    ...refusals(
      ["setuid", "seteuid", "setgid", "setegid", "setgroups", "initgroups"],
      noUsers,
    ),
  });
  accessor(process, "title", {
    get: () => title,
    set: (value) => {
      title = String(value);
    },
  });
  accessor(process, "env", {
    get: () => environment,
    set: (value) => {
      environment = value;
    },
  });
  exitState(parts);
  Object.defineProperty(process, Symbol.toStringTag, {
    value: "process",
    configurable: true,
  });

  lazily(process, ["argv"], () => ({
    argv: [execPath, absolute(runtime.bundle().fileName)],
  }));
  const methods = () => internalBinding("process_methods");
  lazily(process, ["uptime", "umask", "cwd", "chdir"], methods);
  lazily(process, ["_getActiveRequests", "_getActiveHandles"], methods);
  lazily(process, ["getActiveResourcesInfo", "_kill"], methods);
  lazily(process, ["constrainedMemory", "availableMemory"], methods);
  lazily(process, ["reallyExit"], () => ({ reallyExit: exitOf(parts) }));
  const own = () => perThread(parts);
  lazily(process, ["hrtime"], own);
  lazily(process, ["cpuUsage", "threadCpuUsage", "resourceUsage"], own);
  lazily(process, ["memoryUsage", "kill", "exit", "loadEnvFile"], own);
  lazily(process, ["_rawDebug"], own);
  const credentials = () => internalBinding("credentials");
  lazily(process, ["getuid", "geteuid", "getgid", "getegid"], credentials);
  lazily(process, ["getgroups"], credentials);
  lazily(process, ["emitWarning"], () => require("internal/process/warning"));
  lazily(process, ["finalization"], () => ({
    finalization: call(
      require("internal/process/finalization")["createFinalization"],
    ),
  }));
  let streams: Exports | undefined;
  const standard = () => (streams ??= standardStreams(parts));
  lazily(process, ["stdin", "stdout", "stderr"], standard);
  emitter(parts, uncaught.listening);
  return {};
}

function nodeFacts({ loadScript }: RealmParts): {
  version: string;
  versions: Record<string, string>;
} {
  const facts = loadScript("facts:node");
  const node: unknown = typeof facts === "function" ? facts() : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- scripts.ts wrote it
  return node as { version: string; versions: Record<string, string> };
}

function absolute(fileName: string): string {
  return fileName.startsWith("/") ? fileName : `/${fileName}`;
}

function featuresOf(): Exports {
  return {
    inspector: false,
    debug: false,
    uv: true,
    ipv6: true,
    tls_alpn: true,
    tls_sni: true,
    tls_ocsp: true,
    tls: true,
    openssl_is_boringssl: false,
    cached_builtins: true,
    require_module: true,
    typescript: false,
  };
}

function refusals(names: readonly string[], reason: string): Exports {
  const refused: Exports = {};
  for (const name of names)
    refused[name] = () => {
      throw refusal(`process.${name}`, reason);
    };
  return refused;
}

function nextTickOf({ process, require, runtime }: RealmParts): Method {
  return function nextTick(work, ...rest) {
    if (typeof work !== "function")
      call(
        require("internal/validators")["validateFunction"],
        work,
        "callback",
      );
    if (process["_exiting"] === true) return;
    const run = Object(work);
    runtime.soon(() => void Reflect.apply(run, undefined, rest));
  };
}

function builtin({ require }: RealmParts, id: unknown): unknown {
  call(require("internal/validators")["validateString"], id, "id");
  const name = String(id).replace(/^node:/, "");
  const { BuiltinModule } = require("internal/bootstrap/realm");
  const known = Object(BuiltinModule).isBuiltin;
  return call(known, id) === true ? require(name) : undefined;
}

/** As Node's: a code must be a whole number, or text of one. */
function exitState({ process, require }: RealmParts): void {
  const validate = (value: unknown) =>
    call(require("internal/validators")["validateInteger"], value, "code");
  let exiting = false;
  let code: unknown;
  accessor(process, "_exiting", {
    get: () => exiting,
    set: (value) => {
      exiting = Boolean(value);
    },
  });
  accessor(process, "exitCode", {
    get: () => code,
    set: (value) => {
      const number = typeof value === "string" ? Number(value) : value;
      if (number !== undefined && number !== null)
        validate(Number.isNaN(number) ? value : number);
      code = number ?? undefined;
    },
  });
}

/** The process stays for the calls to come, so that none finds it ending. */
function exitOf({ process, internalBinding }: RealmParts): Method {
  return (code) => {
    process["_exiting"] = false;
    process["exitCode"] = undefined;
    call(internalBinding("process_methods")["reallyExit"], code);
  };
}

/** Node's own wrappers around the binding. */
function perThread({ require, internalBinding }: RealmParts): Exports {
  const own = require("internal/process/per_thread");
  const hrtime = own["hrtime"];
  Object.assign(Object(hrtime), { bigint: own["hrtimeBigInt"] });
  const wrapped = call(
    own["wrapProcessMethods"],
    internalBinding("process_methods"),
  );
  return { ...Object(wrapped), hrtime };
}

/**
 * `process` is an EventEmitter. Its prototype learns that when a method is first asked for: Node's emitter is not small, and
 * most code listens to nothing.
 */
function emitter(
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

function accessor(
  owner: object,
  name: string,
  access: { get: () => unknown; set: (value: unknown) => void },
): void {
  Object.defineProperty(owner, name, {
    ...access,
    enumerable: true,
    configurable: true,
  });
}

function lazily(
  owner: object,
  names: readonly string[],
  load: () => Exports,
): void {
  for (const name of names) {
    const define = (value: unknown) => {
      Object.defineProperty(owner, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      });
      return value;
    };
    accessor(owner, name, { get: () => define(load()[name]), set: define });
  }
}

function call(method: unknown, ...parameters: unknown[]): unknown {
  return Reflect.apply(Object(method), undefined, parameters);
}
