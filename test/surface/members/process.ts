import process from "node:process";
import {
  member,
  nextTurn,
  thrown,
  told,
  unavailable,
  valuesOf,
  type Surface,
} from "../check.ts";

const isNumberOrMore = (value: unknown) => Number(value) >= 0;
const numbersIn = (value: object) =>
  Object.entries(value).map(([name, each]) => [name, isNumberOrMore(each)]);

export const surface: Surface = {
  module: "process",
  checks: {
    ...valuesOf(process, [
      "version",
      "arch",
      "platform",
      "release",
      "features",
      "_exiting",
      "exitCode",
      "_preload_modules",
      "debugPort",
    ]),
    ...machine(),
    ...identity(),
    ...acts(),
    ...internals(),
    versions: () => [process.versions.node, process.versions.v8],
    config: () => [
      Object.keys(process.config).toSorted(),
      Object.isFrozen(process.config),
    ],
    env: () => {
      process.env["SURFACE_CHECK"] = "yes";
      Reflect.set(process.env, "SURFACE_NUMBER", 1);
      const seen = [
        process.env["SURFACE_CHECK"],
        process.env["SURFACE_NUMBER"],
        process.env["SURFACE_NONE"],
        "SURFACE_CHECK" in process.env,
        Object.keys(process.env).includes("SURFACE_CHECK"),
      ];
      delete process.env["SURFACE_CHECK"];
      return [...seen, process.env["SURFACE_CHECK"]];
    },
    argv: () => [
      Array.isArray(process.argv),
      process.argv[0] === process.execPath,
    ],
    argv0: () => process.argv0.length > 0,
    execArgv: () => Array.isArray(process.execArgv),
    execPath: () => process.execPath.startsWith("/"),
    title: () => {
      const before = process.title;
      process.title = "surface";
      const changed = process.title;
      process.title = before;
      return changed;
    },
    hrtime: async () => {
      const first = process.hrtime();
      const big = process.hrtime.bigint();
      await nextTurn();
      const [seconds, nanoseconds] = process.hrtime(first);
      return [
        seconds >= 0 && nanoseconds >= 0 && nanoseconds < 1e9,
        process.hrtime.bigint() >= big,
        thrown(() => member(process, "hrtime")(1)),
      ];
    },
    nextTick: async () => {
      const seen: unknown[] = [];
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
        queueMicrotask(() => seen.push("microtask"));
        process.nextTick((...args: unknown[]) => seen.push(args), 1, 2);
        process.nextTick(() => seen.push("second"));
      });
      return [seen, thrown(() => member(process, "nextTick")(1))];
    },
    emitWarning: async () => {
      const seen: unknown[] = [];
      const see = (warning: Error) => seen.push(told(warning));
      process.on("warning", see);
      process.emitWarning("careful", { type: "Mine", code: "M1" });
      await nextTurn();
      process.off("warning", see);
      return [seen, thrown(() => member(process, "emitWarning")(1))];
    },
  },
};

function machine(): Surface["checks"] {
  return {
    uptime: () => process.uptime() > 0,
    cpuUsage: () => [
      numbersIn(process.cpuUsage()),
      numbersIn(process.cpuUsage(process.cpuUsage())),
      thrown(() => member(process, "cpuUsage")({ user: "x" })),
    ],
    threadCpuUsage: () => numbersIn(process.threadCpuUsage()),
    resourceUsage: () => numbersIn(process.resourceUsage()),
    memoryUsage: () => [
      numbersIn(process.memoryUsage()),
      process.memoryUsage().heapUsed > 100_000,
      process.memoryUsage.rss() > 100_000,
    ],
    constrainedMemory: () => isNumberOrMore(process.constrainedMemory()),
    availableMemory: () => process.availableMemory() > 0,
    getActiveResourcesInfo: () => {
      const timer = setTimeout(() => undefined, 1000);
      const found = process.getActiveResourcesInfo();
      clearTimeout(timer);
      return found.includes("Timeout");
    },
    cwd: () => process.cwd().startsWith("/"),
    umask: () => [
      Number.isInteger(process.umask()),
      thrown(() => process.umask("nonsense")),
    ],
    pid: () => process.pid > 0,
    ppid: () => process.ppid >= 0,
  };
}

/** What leads up to the end, without it. */
function exited(): unknown {
  const seen: unknown[] = [];
  process.once("exit", (code) => seen.push(code));
  const really: unknown = Reflect.get(process, "reallyExit");
  Reflect.set(process, "reallyExit", (code: unknown) => {
    throw new Error(`left with ${String(code)}`);
  });
  const end = thrown(() => process.exit(3));
  Reflect.set(process, "reallyExit", really);
  Reflect.set(process, "_exiting", false);
  process.exitCode = undefined;
  return [seen, end];
}

function identity(): Surface["checks"] {
  return {
    getuid: () => Number.isInteger(process.getuid?.()),
    geteuid: () => Number.isInteger(process.geteuid?.()),
    getgid: () => Number.isInteger(process.getgid?.()),
    getegid: () => Number.isInteger(process.getegid?.()),
    getgroups: () => process.getgroups?.().every(Number.isInteger),
    ...Object.fromEntries(
      ["setgroups", "setegid", "seteuid", "setgid", "setuid", "initgroups"].map(
        (name) => [name, unavailable(() => member(process, name)(1, 1))],
      ),
    ),
  };
}

function acts(): Surface["checks"] {
  return {
    stdout: async () => [
      process.stdout.writable,
      process.stdout.fd,
      await new Promise((resolve) => {
        process.stdout.write("", () => resolve("written"));
      }),
    ],
    stderr: async () => [
      process.stderr.writable,
      process.stderr.fd,
      await new Promise((resolve) => {
        process.stderr.write("", () => resolve("written"));
      }),
    ],
    stdin: () => [process.stdin.readable, process.stdin.fd],
    openStdin: () => member(process, "openStdin")() === process.stdin,
    mainModule: () =>
      Reflect.get(Object(Reflect.get(process, "mainModule")), "id"),
    exit: exited,
    abort: unavailable(() => process.abort()),
    kill: () => [
      thrown(() => member(process, "kill")("x")),
      thrown(() => process.kill(process.pid, "NONSENSE")),
      process.kill(process.pid, 0),
    ],
    chdir: () => [
      thrown(() => member(process, "chdir")(1)),
      Reflect.get(
        Object(thrown(() => process.chdir("/surely/not/there"))),
        "code",
      ),
    ],
    dlopen: unavailable(() => process.dlopen({ exports: {} }, "/none.node")),
    execve: unavailable(() => member(process, "execve")("/bin/true", [], {})),
    loadEnvFile: () =>
      Reflect.get(
        Object(thrown(() => process.loadEnvFile("/surely/not/there"))),
        "code",
      ),
    getBuiltinModule: () => [
      process.getBuiltinModule("node:path").basename("/a/b"),
      process.getBuiltinModule("none"),
      thrown(() => member(process, "getBuiltinModule")(1)),
    ],
    ref: () => {
      const seen: string[] = [];
      member(process, "ref")({ ref: () => seen.push("ref") });
      return seen;
    },
    unref: () => {
      const seen: string[] = [];
      member(process, "unref")({ unref: () => seen.push("unref") });
      return seen;
    },
    finalization: () => {
      const kept = {};
      process.finalization.register(kept, () => undefined);
      return [
        process.finalization.unregister(kept),
        thrown(() => member(process.finalization, "register")(1)),
      ];
    },
    setSourceMapsEnabled: () => [
      process.setSourceMapsEnabled(false),
      thrown(() => member(process, "setSourceMapsEnabled")(1)),
    ],
    sourceMapsEnabled: () => process.sourceMapsEnabled,
    allowedNodeEnvironmentFlags: () => [
      process.allowedNodeEnvironmentFlags.has("--max-old-space-size"),
      process.allowedNodeEnvironmentFlags.has("--nonsense"),
    ],
    setUncaughtExceptionCaptureCallback: () => {
      process.setUncaughtExceptionCaptureCallback(() => undefined);
      const isSet = process.hasUncaughtExceptionCaptureCallback();
      process.setUncaughtExceptionCaptureCallback(null);
      return [
        isSet,
        thrown(() => member(process, "setUncaughtExceptionCaptureCallback")(1)),
      ];
    },
    addUncaughtExceptionCaptureCallback: () =>
      thrown(() => member(process, "addUncaughtExceptionCaptureCallback")(1)),
    hasUncaughtExceptionCaptureCallback: () =>
      process.hasUncaughtExceptionCaptureCallback(),
    report: () => [
      Reflect.get(process.report, "compact"),
      process.report.signal,
    ],
  };
}

/** What Node keeps for itself, but shows. */
function internals(): Surface["checks"] {
  return {
    _rawDebug: () => member(process, "_rawDebug")("surface"),
    moduleLoadList: () => {
      const loaded: unknown = Reflect.get(process, "moduleLoadList");
      return Array.isArray(loaded) && loaded.includes("NativeModule path");
    },
    binding: () => [
      thrown(() => member(process, "binding")("nonsense")),
      Object.keys(member(process, "binding")("constants")),
    ],
    _linkedBinding: () =>
      thrown(() => member(process, "_linkedBinding")("nonsense")),
    _getActiveRequests: () =>
      Array.isArray(member(process, "_getActiveRequests")()),
    _getActiveHandles: () =>
      Array.isArray(member(process, "_getActiveHandles")()),
    _kill: () => member(process, "_kill")(process.pid, 0),
    _tickCallback: () => member(process, "_tickCallback")(),
    _debugProcess: unavailable(() => member(process, "_debugProcess")(1)),
    _debugEnd: unavailable(() => member(process, "_debugEnd")()),
    _startProfilerIdleNotifier: () =>
      member(process, "_startProfilerIdleNotifier")(),
    _stopProfilerIdleNotifier: () =>
      member(process, "_stopProfilerIdleNotifier")(),
  };
}
