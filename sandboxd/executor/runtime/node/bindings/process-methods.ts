/** What `process` asks of the machine: a coarse clock, the isolate's memory, and a refusal of everything else. */
import { heapBytesOf } from "../heap.ts";
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

const refuse = (name: string) => () => {
  throw refusal(`process.${name}`, "an extension runs in an isolate");
};

const nsPerMs = 1e6;
const nsPerSecond = 1e9;
const word = 2 ** 32;

export function createBinding(parts: RealmParts): Exports {
  const { host, runtime } = parts;
  const hrtimeBuffer = new Uint32Array(3);
  const clockMs = () => Number(host("clock"));
  const cpuUs = (values: Float64Array) => {
    values[0] = Math.round(clockMs() * 1000);
    values[1] = 0;
  };
  let directory = "/";
  return {
    hrtimeBuffer,
    hrtime: () => {
      const ns = Math.round(clockMs() * nsPerMs);
      const seconds = Math.floor(ns / nsPerSecond);
      hrtimeBuffer[0] = Math.floor(seconds / word);
      hrtimeBuffer[1] = seconds % word;
      hrtimeBuffer[2] = ns % nsPerSecond;
    },
    hrtimeBigInt: () => {
      const ns = BigInt(Math.round(clockMs() * nsPerMs));
      new BigUint64Array(hrtimeBuffer.buffer, 0, 1)[0] = ns;
    },
    uptime: () => clockMs() / 1000,
    cwd: () => directory,
    chdir: (path: string) => {
      const absolute = resolved(parts, directory, path);
      const isDirectory = statModeOf(parts, absolute);
      if (isDirectory !== true) {
        const errno = isDirectory === undefined ? "UV_ENOENT" : "UV_ENOTDIR";
        throw chdirError(parts, { errno, path: directory, dest: path });
      }
      directory = absolute;
    },
    umask: umaskOf(),
    memoryUsage: (values: Float64Array) => {
      const { total, used, external } = heapBytesOf(parts);
      values.set([total + external, total, used, external, external]);
    },
    rss: () => {
      const { total, external } = heapBytesOf(parts);
      return total + external;
    },
    constrainedMemory: () => heapBytesOf(parts).limit,
    availableMemory: () => {
      const { limit, used } = heapBytesOf(parts);
      return Math.max(0, limit - used);
    },
    cpuUsage: cpuUs,
    threadCpuUsage: cpuUs,
    resourceUsage: (values: Float64Array) => {
      values.fill(0);
      cpuUs(values);
      values[2] = Math.round(heapBytesOf(parts).total / 1024);
    },
    _getActiveRequests: () => [],
    _getActiveHandles: () => [],
    getActiveResourcesInfo: () => runtime.activeResources(),
    _rawDebug: (text: unknown) => runtime.log("warn", String(text)),
    _debugProcess: refuse("_debugProcess"),
    _debugEnd: refuse("_debugEnd"),
    abort: refuse("abort"),
    causeSegfault: refuse("abort"),
    dlopen: refuse("dlopen"),
    execve: refuse("execve"),
    loadEnvFile: (path = ".env") => {
      const { readFileSync } = parts.require("fs");
      const text = String(
        Reflect.apply(Object(readFileSync), undefined, [path, "utf8"]),
      );
      const { parseEnv } = parts.internalBinding("util");
      const values: unknown = Reflect.apply(Object(parseEnv), undefined, [
        text,
      ]);
      const environment = Object(parts.process["env"]);
      for (const [name, value] of Object.entries(Object(values)))
        environment[name] ??= value;
    },
    reallyExit: (code: unknown) => runtime.exit(Number(code) || 0),
    setEmitWarningSync: () => undefined,
    resetStdioForTesting: () => undefined,
    patchProcessObject: () => undefined,
  };
}

function resolved(
  { require }: RealmParts,
  directory: string,
  path: string,
): string {
  const { resolve } = require("path");
  return String(Reflect.apply(Object(resolve), undefined, [directory, path]));
}

/** Whether it is a directory; undefined where nothing is. */
function statModeOf(
  { internalBinding }: RealmParts,
  path: string,
): boolean | undefined {
  const { internalModuleStat } = internalBinding("fs");
  const kind: unknown = Reflect.apply(Object(internalModuleStat), undefined, [
    path,
  ]);
  return typeof kind === "number" && kind >= 0 ? kind === 1 : undefined;
}

function chdirError(
  { require, internalBinding }: RealmParts,
  { errno, path, dest }: { errno: string; path: string; dest: string },
): unknown {
  return Reflect.construct(Object(require("internal/errors")["UVException"]), [
    { errno: internalBinding("uv")[errno], syscall: "chdir", path, dest },
  ]);
}

/** Nothing here has permissions that it would mask; it keeps what it is given. */
function umaskOf(): (mask?: number | string) => number {
  let kept = 0o22;
  return (mask) => {
    const before = kept;
    if (mask !== undefined)
      kept = (typeof mask === "string" ? parseInt(mask, 8) : mask) & 0o777;
    return before;
  };
}
