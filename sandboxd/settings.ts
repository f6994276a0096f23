/** Every setting of sandboxd, once: its flag, default, unit and what it is for. The ANNEX_… variable follows from the flag. */
import { hostname } from "node:os";
import { InvalidArgumentError, Option } from "commander";

/** A setting; `parse` reads what was given, and `Value` is what comes of it. */
export interface Setting<Value> {
  option: Option;
  /** Carries the type alone. */
  value?: Value;
}

/** What a gRPC message of 8 MiB has room for beside a call's other fields. */
const maxBodyBytes = 7 * 1024 * 1024;

/** The control plane's bound too. Above 2^31 ms a timer would end at once. */
const maxCallMs = 300_000;
const maxLifeS = 7 * 24 * 3600;

/** The settings by the names commander gives them. */
export const settings = () => ({
  // Where it lives and whom it talks to.
  home: text("--home <dir>", ".annex", "where all state lives"),
  portBase: count(
    "--port-base <port>",
    7700,
    "control gRPC here, its HTTP at +1, the gateway at +2",
    { min: 0 },
  ),
  control: optionalText(
    "--control <host:port>",
    "the control plane's gRPC (default: the port base on 127.0.0.1)",
  ),
  joinTokenFile: optionalText(
    "--join-token-file <file>",
    "the token this host joins with (default: join-token in home)",
  ),
  socket: optionalText(
    "--socket <path>",
    "where services call (default: sandboxd.sock in home)",
  ),
  socketMode: setting<number>(
    new Option("--socket-mode <octal>", "who may call: the socket file's mode")
      .default(0o660, "660")
      .argParser(octal),
  ),
  listenHost: text(
    "--listen-host <address>",
    "127.0.0.1",
    "where the HTTP gateway listens",
  ),
  runPort: setting<number | undefined>(
    new Option(
      "--run-port <port>",
      "the HTTP gateway's port; 0 takes a free one",
    ).argParser((value) => whole(value, { min: 0 })),
  ),
  hostName: text(
    "--host-name <name>",
    hostname(),
    "this host's name in the fleet",
  ),
  container: setting<string[] | undefined>(
    new Option("--container <name...>", "serve these containers only"),
  ),
  requireToken: flag(
    "--require-token",
    "refuse calls on the socket without a token",
  ),
  logLevel: setting<string>(
    new Option("--log-level <level>", "what is logged")
      .choices(["debug", "info", "warn", "error", "silent"])
      .default("info"),
  ),
  closeGraceMs: count(
    "--close-grace-ms <ms>",
    10_000,
    "how long open calls may finish at shutdown",
    { min: 0, max: maxCallMs },
  ),

  // The walls.
  executorFile: optionalText(
    "--executor-file <file>",
    "the bundled executor (default: bundled from source at start)",
  ),
  brokerFile: optionalText(
    "--broker-file <file>",
    "the bundled broker (default: bundled from source at start)",
  ),
  bwrap: text("--bwrap <file>", "bwrap", "bubblewrap's command"),
  insecureNoSandbox: flag(
    "--insecure-no-sandbox",
    "run customers' code without walls: whoever breaks out of V8 has this host",
  ),
  development: flag(
    "--development",
    "where no walls can be built, run without them and say so",
  ),
  limits: setting<LimitsChoice>(
    new Option(
      "--limits <backend>",
      "what bounds executors' memory and CPU: the first of these that works, or this one",
    )
      .choices(limitsChoices())
      .default("auto"),
  ),

  // Executors.
  poolSize: count(
    "--pool-size <n>",
    2,
    "executors kept ready for a first call",
  ),
  stockedPoolSize: count(
    "--stocked-pool-size <n>",
    1,
    "executors kept ready with Node's library loaded",
  ),
  maxExecutors: count(
    "--max-executors <n>",
    200,
    "executors of all containers together",
  ),
  maxExecutorsPerContainer: count(
    "--max-executors-per-container <n>",
    2,
    "executors one container may have",
  ),
  idleS: count("--idle-s <s>", 600, "an executor unused for longer is ended", {
    max: maxLifeS,
  }),
  maxAgeS: count(
    "--max-age-s <s>",
    3600,
    "an older executor takes no more calls",
    { max: maxLifeS },
  ),
  memoryMb: count(
    "--memory-mb <mb>",
    384,
    "memory of one executor process; one above it is killed",
    { min: 128 },
  ),
  cpuPercent: count(
    "--cpu-percent <n>",
    100,
    "CPU of one container's executors together, in percent of a core",
  ),
  memoryLimitMb: setting<number | undefined>(
    new Option(
      "--memory-limit-mb <mb>",
      "memory of this host's sandboxd and all its executors (default: what the machine or its container has)",
    ).argParser((value) => whole(value, { min: 256 })),
  ),
  reserveMb: count(
    "--reserve-mb <mb>",
    224,
    "of that, what is kept for sandboxd itself",
  ),
  quarantineAfter: count(
    "--quarantine-after <n>",
    5,
    "a version that ends so many executors is taken out of service",
  ),
  quarantineWindowS: count("--quarantine-window-s <s>", 60, "within so long", {
    max: maxLifeS,
  }),

  // One invocation.
  heapLimitMb: count("--heap-limit-mb <mb>", 128, "V8 heap of each isolate", {
    min: 16,
  }),
  wallMs: count(
    "--wall-ms <ms>",
    10_000,
    "the longest an invocation may take, awaits included",
    { max: maxCallMs },
  ),
  syncMs: count(
    "--sync-ms <ms>",
    1000,
    "the longest code may run without returning to the event loop",
    { max: maxCallMs },
  ),
  cpuMs: count("--cpu-ms <ms>", 1000, "CPU time of an invocation", {
    max: maxCallMs,
  }),
  loadTimeoutMs: count(
    "--load-timeout-ms <ms>",
    1000,
    "the longest a version's top level may run",
    { max: maxCallMs },
  ),
  maxPayloadBytes: count(
    "--max-payload-bytes <n>",
    1024 * 1024,
    "of one call",
    { max: maxBodyBytes },
  ),
  maxResultBytes: count(
    "--max-result-bytes <n>",
    6 * 1024 * 1024,
    "of one answer",
    { max: maxBodyBytes },
  ),
  maxLogBytes: count(
    "--max-log-bytes <n>",
    64 * 1024,
    "of one invocation's console",
  ),
  maxRunningCalls: count(
    "--max-running-calls <n>",
    128,
    "calls of a container that run at once",
  ),
  maxQueuedCalls: count(
    "--max-queued-calls <n>",
    128,
    "calls of a container that wait for their turn; more are refused",
    { min: 0 },
  ),
  maxHeldPayloadBytesPerContainer: count(
    "--max-held-payload-bytes-per-container <n>",
    8 * 1024 * 1024,
    "of a container's calls that wait or run together",
  ),
  maxHeldPayloadBytes: count(
    "--max-held-payload-bytes <n>",
    32 * 1024 * 1024,
    "of all containers' calls that wait or run together",
  ),
  maxOpenHostCalls: count(
    "--max-open-host-calls <n>",
    1000,
    "timers an invocation may have open",
  ),
  maxHostCalls: count(
    "--max-host-calls <n>",
    10_000,
    "timers an invocation may set in all",
  ),
  maxInlineVersions: count(
    "--max-inline-versions <n>",
    8,
    "code of requests kept loaded, for a container",
  ),

  // Its way out.
  maxEgressRequests: count(
    "--max-egress-requests <n>",
    100,
    "requests one invocation may send out",
  ),
  maxOpenEgress: count(
    "--max-open-egress <n>",
    16,
    "of those, how many at once",
  ),
  maxEgressBytes: count(
    "--max-egress-bytes <n>",
    32 * 1024 * 1024,
    "bytes one invocation may send and receive by them, decompressed",
  ),
  egressMs: count(
    "--egress-ms <ms>",
    10_000,
    "the longest one such request may take",
    { max: maxCallMs },
  ),
  egressBytesPerSecond: count(
    "--egress-bytes-per-second <n>",
    16 * 1024 * 1024,
    "of one container's requests together",
  ),
});

/** What was given for each setting. */
export type Settings = {
  [Name in keyof SettingTable]: SettingTable[Name] extends Setting<infer Value>
    ? Value
    : never;
};

type SettingTable = ReturnType<typeof settings>;

/** What bounds executors' memory and CPU. */
export type LimitsChoice = "auto" | "cgroup2" | "cgroup1" | "rlimit";

function limitsChoices(): LimitsChoice[] {
  return ["auto", "cgroup2", "cgroup1", "rlimit"];
}

function setting<Value>(option: Option): Setting<Value> {
  const variable = option.name().replaceAll("-", "_").toUpperCase();
  return { option: option.env(`ANNEX_${variable}`) };
}

function text(flags: string, fallback: string, help: string): Setting<string> {
  return setting(new Option(flags, help).default(fallback));
}

function optionalText(
  flags: string,
  help: string,
): Setting<string | undefined> {
  return setting(new Option(flags, help));
}

function flag(flags: string, help: string): Setting<boolean> {
  return setting(new Option(flags, help).default(false));
}

interface Range {
  min?: number;
  max?: number;
}

function count(
  flags: string,
  fallback: number,
  help: string,
  range: Range = {},
): Setting<number> {
  const option = new Option(flags, help).default(fallback);
  return setting(option.argParser((value) => whole(value, range)));
}

function whole(
  value: string,
  { min = 1, max = Number.MAX_SAFE_INTEGER }: Range,
): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= min && number <= max) return number;
  const most = max < Number.MAX_SAFE_INTEGER ? ` and at most ${max}` : "";
  throw new InvalidArgumentError(
    `Give a whole number of at least ${min}${most}.`,
  );
}

function octal(value: string): number {
  if (!/^0?[0-7]{3}$/.test(value))
    throw new InvalidArgumentError("Give a mode such as 660.");
  return Number.parseInt(value, 8);
}
