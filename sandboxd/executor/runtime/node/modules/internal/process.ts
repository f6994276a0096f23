/**
 * Fills `process`, the object that every module of Node's library was given before it was complete. It is made for whoever
 * requires anything, so whatever needs more of the library is a getter until it is read.
 */
import { environmentProxy } from "../../environment.ts";
import { becomeEmitter } from "../../process-events.ts";
import { ownProcess } from "../../own-process.ts";
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
  const { version, versions, release } = nodeFacts(parts);
  const uncaught = createUncaughtParts(parts);
  let title = "node";
  let environment: unknown = environmentProxy(runtime.environment);
  Object.assign(process, {
    version: `v${version}`,
    versions: Object.freeze({ ...versions, annex: "2026.1" }),
    arch: "x64",
    platform: "linux",
    release: Object.freeze(release),
    execArgv: [],
    execPath,
    argv0: "node",
    debugPort: 9229,
    pid: 1,
    ppid: 0,
    domain: null,
    mainModule: undefined,
    features: featuresOf(),
    config: Object.freeze({
      target_defaults: Object.freeze({}),
      variables: Object.freeze({}),
    }),
    _preload_modules: [],
    _startProfilerIdleNotifier: () => undefined,
    _stopProfilerIdleNotifier: () => undefined,
    _tickCallback: runtime.runTicks,
    nextTick: nextTickOf(parts),
    getBuiltinModule: (id: unknown) => builtin(parts, id),
    assert: (holds: unknown, message?: string) => {
      if (!holds) throw new Error(message ?? "assertion error");
    },
    setSourceMapsEnabled: (isOn: unknown) => sourceMaps(parts, isOn),
    ...uncaught.methods,
    openStdin: () => process["stdin"],
    ...refusals(["abort", "dlopen", "execve"], noProcesses),
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
  accessor(process, "sourceMapsEnabled", {
    get: () => hasSourceMaps(parts),
    set: () => undefined,
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
  lazily(process, ["uptime", "cwd"], methods);
  const system = () => ownProcess(parts);
  lazily(process, ["umask", "chdir", "_kill"], system);
  lazily(process, ["binding", "_linkedBinding"], system);
  lazily(process, ["_getActiveRequests", "_getActiveHandles"], methods);
  lazily(process, ["getActiveResourcesInfo"], methods);
  lazily(process, ["constrainedMemory", "availableMemory"], methods);
  lazily(process, ["reallyExit"], () => ({ reallyExit: exitOf(parts) }));
  const own = () => perThread(parts);
  lazily(process, ["hrtime"], own);
  lazily(process, ["cpuUsage", "threadCpuUsage", "resourceUsage"], own);
  lazily(process, ["memoryUsage", "kill", "exit", "loadEnvFile"], own);
  lazily(process, ["_rawDebug", "ref", "unref"], own);
  lazily(process, ["report"], () => require("internal/process/report"));
  lazily(process, ["allowedNodeEnvironmentFlags"], () => ({
    allowedNodeEnvironmentFlags: call(
      require("internal/process/per_thread")["buildAllowedFlags"],
    ),
  }));
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
  becomeEmitter(parts, uncaught.listening);
  return {};
}

function nodeFacts({ loadScript }: RealmParts): {
  version: string;
  versions: Record<string, string>;
  release: Record<string, string>;
} {
  const facts = loadScript("facts:node");
  const node: unknown = typeof facts === "function" ? facts() : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- scripts.ts wrote it
  return node as ReturnType<typeof nodeFacts>;
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

const sourceMapCache = "internal/source_map/source_map_cache";

/** What Node's library is told of them; stacks outside of the isolate are read with the author's maps anyway. */
function sourceMaps({ require }: RealmParts, isOn: unknown): void {
  call(require(sourceMapCache)["setSourceMapsSupport"], isOn, {
    nodeModules: isOn,
    generatedCode: isOn,
  });
}

function hasSourceMaps({ require }: RealmParts): boolean {
  const support = call(require(sourceMapCache)["getSourceMapsSupport"]);
  return Reflect.get(Object(support), "enabled") === true;
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
  const { ref, unref } = own;
  return { ...Object(wrapped), hrtime, ref, unref };
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
