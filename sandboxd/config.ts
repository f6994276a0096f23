/** Every setting of sandboxd: flags first, then ANNEX_… variables, then defaults. The only reader of process.env here. */
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { closest, distance } from "fastest-levenshtein";
import { AnnexError } from "../proto/errors.ts";

/** What a running sandboxd was told; complete and frozen. */
export interface Config {
  /** State of this host; its own folder inside $ANNEX_HOME. */
  stateDir: string;
  socketPath: string;
  socketMode: number;
  gatewayHost: string;
  gatewayPort: number;
  /** host:port of the control plane's gRPC. */
  controlAddress: string;
  joinTokenFile: string;
  hostName: string;
  /** Empty: all containers. */
  containers: readonly string[];
  isTokenRequired: boolean;
  logLevel: string;
  /** The bundled executor; undefined: bundle it from source at start. */
  executorFile: string | undefined;
  poolSize: number;
  maxExecutors: number;
  maxExecutorsPerContainer: number;
  idleMs: number;
  maxAgeMs: number;
  heapLimitMb: number;
  wallMs: number;
  syncMs: number;
  loadTimeoutMs: number;
  maxPayloadBytes: number;
  maxResultBytes: number;
  maxLogBytes: number;
  maxOpenCallsPerContainer: number;
  maxOpenHostCalls: number;
  maxHostCalls: number;
  maxInlineVersions: number;
  closeGraceMs: number;
}

const portOffsetOfGateway = 2;
/** Variables of other parts of Annex, which may be set beside ours. */
const foreignVariables = [
  "ANNEX_URL",
  "ANNEX_TOKEN",
  "ANNEX_PORT",
  "ANNEX_GRPC_PORT",
];
/** What a gRPC message of 8 MiB has room for beside a call's other fields. */
const maxBodyBytes = 7 * 1024 * 1024;
/** A name this far from a known one is a misspelling of it, not somebody else's. */
const maxTypos = 2;

/** Reads the settings; throws `invalid` on one that is unknown, misspelt or out of range. Prints help by itself. */
export function readConfig(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Readonly<Config> {
  const command = describe();
  refuseMisspelt(command, env);
  const settings = command.parse([...argv], { from: "user" }).opts<Settings>();
  const home = resolve(settings.home);
  return Object.freeze({
    stateDir: join(home, "sandboxd"),
    socketPath: resolve(
      settings.socket?.replace(/^unix:\/\//, "") ?? join(home, "sandboxd.sock"),
    ),
    socketMode: settings.socketMode,
    gatewayHost: settings.listenHost,
    gatewayPort: settings.runPort ?? settings.portBase + portOffsetOfGateway,
    controlAddress: settings.control ?? `127.0.0.1:${settings.portBase}`,
    joinTokenFile: resolve(settings.joinTokenFile ?? join(home, "join-token")),
    hostName: settings.hostName,
    containers: settings.container ?? [],
    isTokenRequired: settings.requireToken ?? false,
    logLevel: settings.logLevel,
    executorFile: settings.executorFile,
    poolSize: settings.poolSize,
    maxExecutors: settings.maxExecutors,
    maxExecutorsPerContainer: settings.maxExecutorsPerContainer,
    idleMs: settings.idleS * 1000,
    maxAgeMs: settings.maxAgeS * 1000,
    heapLimitMb: settings.heapLimitMb,
    wallMs: settings.wallMs,
    syncMs: settings.syncMs,
    loadTimeoutMs: settings.loadTimeoutMs,
    maxPayloadBytes: settings.maxPayloadBytes,
    maxResultBytes: settings.maxResultBytes,
    maxLogBytes: settings.maxLogBytes,
    maxOpenCallsPerContainer: settings.maxOpenCallsPerContainer,
    maxOpenHostCalls: settings.maxOpenHostCalls,
    maxHostCalls: settings.maxHostCalls,
    maxInlineVersions: settings.maxInlineVersions,
    closeGraceMs: settings.closeGraceMs,
  });
}

interface Settings {
  home: string;
  portBase: number;
  control?: string;
  joinTokenFile?: string;
  socket?: string;
  socketMode: number;
  listenHost: string;
  runPort?: number;
  hostName: string;
  container?: string[];
  requireToken?: boolean;
  logLevel: string;
  executorFile?: string;
  poolSize: number;
  maxExecutors: number;
  maxExecutorsPerContainer: number;
  idleS: number;
  maxAgeS: number;
  heapLimitMb: number;
  wallMs: number;
  syncMs: number;
  loadTimeoutMs: number;
  maxPayloadBytes: number;
  maxResultBytes: number;
  maxLogBytes: number;
  maxOpenCallsPerContainer: number;
  maxOpenHostCalls: number;
  maxHostCalls: number;
  maxInlineVersions: number;
  closeGraceMs: number;
}

function describe(): Command {
  const command = new Command("sandboxd")
    .description(
      "Runs customers' code on this host and answers on a local socket.",
    )
    .allowExcessArguments(false)
    .showSuggestionAfterError();
  const text = (flags: string, help: string, fallback?: string) =>
    command.addOption(withEnv(new Option(flags, help).default(fallback)));
  const count = (flags: string, help: string, fallback?: number, min = 1) =>
    command.addOption(
      withEnv(
        new Option(flags, help)
          .default(fallback)
          .argParser((value) => whole(value, min)),
      ),
    );
  const bounded = (flags: string, help: string, fallback: number) =>
    command.addOption(
      withEnv(
        new Option(flags, help)
          .default(fallback)
          .argParser((value) => whole(value, 1, maxBodyBytes)),
      ),
    );
  text("--home <dir>", "where all state lives", ".annex");
  count(
    "--port-base <port>",
    "control gRPC here, its HTTP at +1, the gateway at +2",
    7700,
    0,
  );
  text(
    "--control <host:port>",
    "the control plane's gRPC (default: the port base on 127.0.0.1)",
  );
  text(
    "--join-token-file <file>",
    "the token this host joins with (default: join-token in home)",
  );
  text(
    "--socket <path>",
    "where services call (default: sandboxd.sock in home)",
  );
  command.addOption(
    withEnv(
      new Option(
        "--socket-mode <octal>",
        "who may call: the socket file's mode",
      )
        .default(0o660, "660")
        .argParser(octal),
    ),
  );
  text(
    "--listen-host <address>",
    "where the HTTP gateway listens",
    "127.0.0.1",
  );
  count(
    "--run-port <port>",
    "the HTTP gateway's port; 0 takes a free one",
    undefined,
    0,
  );
  text("--host-name <name>", "this host's name in the fleet", hostname());
  command.addOption(
    withEnv(new Option("--container <name...>", "serve these containers only")),
  );
  command.addOption(
    withEnv(
      new Option(
        "--require-token",
        "refuse calls on the socket without a token",
      ),
    ),
  );
  command.addOption(
    withEnv(
      new Option("--log-level <level>", "what is logged")
        .choices(["debug", "info", "warn", "error", "silent"])
        .default("info"),
    ),
  );
  text(
    "--executor-file <file>",
    "the bundled executor (default: bundled from source at start)",
  );
  count("--pool-size <n>", "executors kept ready for a first call", 2);
  count("--max-executors <n>", "executors of all containers together", 200);
  count(
    "--max-executors-per-container <n>",
    "executors one container may have",
    2,
  );
  count("--idle-s <s>", "an executor unused for longer is ended", 600);
  count("--max-age-s <s>", "an older executor takes no more calls", 3600);
  count("--heap-limit-mb <mb>", "V8 heap of each isolate", 128, 16);
  count(
    "--wall-ms <ms>",
    "the longest an invocation may take, awaits included",
    10_000,
  );
  count(
    "--sync-ms <ms>",
    "the longest code may run without returning to the event loop",
    1000,
  );
  count(
    "--load-timeout-ms <ms>",
    "the longest a version's top level may run",
    1000,
  );
  bounded("--max-payload-bytes <n>", "of one call", 1024 * 1024);
  bounded("--max-result-bytes <n>", "of one answer", 6 * 1024 * 1024);
  count("--max-log-bytes <n>", "of one invocation's console", 64 * 1024);
  count(
    "--max-open-calls-per-container <n>",
    "calls of a container open at once",
    256,
  );
  count(
    "--max-open-host-calls <n>",
    "timers an invocation may have open",
    1000,
  );
  count("--max-host-calls <n>", "timers an invocation may set in all", 10_000);
  count(
    "--max-inline-versions <n>",
    "code of requests kept loaded, for a container",
    8,
  );
  count(
    "--close-grace-ms <ms>",
    "how long open calls may finish at shutdown",
    10_000,
    0,
  );
  return command;
}

function withEnv(option: Option): Option {
  return option.env(
    `ANNEX_${option.name().replaceAll("-", "_").toUpperCase()}`,
  );
}

function refuseMisspelt(command: Command, env: NodeJS.ProcessEnv): void {
  const known = command.options
    .flatMap(({ envVar }) => envVar ?? [])
    .concat(foreignVariables);
  for (const name of Object.keys(env)) {
    if (!name.startsWith("ANNEX_") || known.includes(name)) continue;
    const nearest = closest(name, known);
    if (distance(name, nearest) > maxTypos) continue;
    throw new AnnexError(
      "invalid",
      `unknown setting ${name}: did you mean ${nearest}?`,
    );
  }
}

function whole(
  value: string,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
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
