/** Every setting of the control plane: flags first, then ANNEX_… variables, then defaults. The only reader of process.env. */
import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { closest, distance } from "fastest-levenshtein";
import { AnnexError } from "../proto/errors.ts";

/** What a control plane was told; complete and frozen. */
export interface Config {
  /** Where all state lives. */
  home: string;
  databaseFile: string;
  masterKeyFile: string;
  /** Where gRPC and HTTP listen; IPv6 without brackets. */
  host: string;
  grpcPort: number;
  httpPort: number;
  logLevel: string;
}

/** What a command line asks for. */
export type Order =
  | { name: "serve"; config: Config }
  | { name: "backup"; config: Config; file: string }
  | { name: "restore"; config: Config; file: string; replace: boolean }
  | { name: "token"; config: Config; kind: "admin" | "join" };

/** Reads a command line; throws `invalid` on a setting that is misspelt. Prints help and complains of flags by itself. */
export function readOrder(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Order {
  let order: Order | undefined;
  const program = describe();
  refuseMisspelt(program, env);
  const config = () => configOf(program.opts<Settings>());
  program
    .command("serve", { isDefault: true })
    .description("run the control plane until SIGTERM")
    .action(() => void (order = { name: "serve", config: config() }));
  program
    .command("backup <file>")
    .description("write a backup, also while the control plane runs")
    .action((file: string) => {
      order = { name: "backup", config: config(), file };
    });
  program
    .command("restore <file>")
    .description("restore a backup; hosts follow the new history")
    .option("--replace", "lose what the home folder holds now", false)
    .action((file: string, { replace }: { replace: boolean }) => {
      order = { name: "restore", config: config(), file, replace };
    });
  for (const kind of ["admin", "join"] as const)
    program
      .command(`${kind}-token`)
      .description(`print a new ${kind} token`)
      .action(() => void (order = { name: "token", config: config(), kind }));
  program.parse([...argv], { from: "user" });
  if (!order) throw new AnnexError("invalid", "name a command");
  return order;
}

/** Variables of other parts of Annex, which may be set beside ours. */
const foreignVariables = ["ANNEX_URL", "ANNEX_TOKEN", "ANNEX_SOCKET"];
/** A name this far from a known one is a misspelling of it, not somebody else's. */
const maxTypos = 2;

interface Settings {
  home: string;
  portBase: number;
  controlHost: string;
  grpcPort?: number;
  httpPort?: number;
  logLevel: string;
}

function describe(): Command {
  const program = new Command("controlplane")
    .description("Keeps extensions, builds them, and keeps hosts current.")
    .showSuggestionAfterError();
  const add = (option: Option) => program.addOption(withVariable(option));
  add(new Option("--home <dir>", "where all state lives").default(".annex"));
  add(
    new Option("--port-base <port>", "gRPC here, HTTP at +1")
      .default(7700)
      .argParser(port),
  );
  add(
    new Option("--control-host <address>", "where both listen").default(
      "127.0.0.1",
    ),
  );
  add(
    new Option("--grpc-port <port>", "gRPC; 0 takes a free one").argParser(
      port,
    ),
  );
  add(
    new Option("--http-port <port>", "HTTP; 0 takes a free one").argParser(
      port,
    ),
  );
  add(
    new Option("--log-level <level>", "what is logged")
      .choices(["debug", "info", "warn", "error", "silent"])
      .default("info"),
  );
  return program;
}

function configOf(settings: Settings): Config {
  const home = resolve(settings.home);
  return Object.freeze({
    home,
    databaseFile: join(home, "controlplane.db"),
    masterKeyFile: join(home, "master.key"),
    host: settings.controlHost.replace(/^\[(.*)\]$/, "$1"),
    grpcPort: settings.grpcPort ?? settings.portBase,
    httpPort: settings.httpPort ?? settings.portBase + 1,
    logLevel: settings.logLevel,
  });
}

function withVariable(option: Option): Option {
  return option.env(
    `ANNEX_${option.name().replaceAll("-", "_").toUpperCase()}`,
  );
}

function refuseMisspelt(program: Command, env: NodeJS.ProcessEnv): void {
  const ours = program.options.flatMap(({ envVar }) => envVar ?? []);
  const known = [...ours, ...foreignVariables];
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

function port(value: string): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number <= 65_535)
    return number;
  throw new InvalidArgumentError("Give a port, 0 to 65535.");
}
