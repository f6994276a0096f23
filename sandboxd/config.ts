/** The settings as sandboxd works by them: flags first, then ANNEX_… variables, then defaults. The only reader of process.env here. */
import { join, resolve } from "node:path";
import { Command } from "commander";
import { closest, distance } from "fastest-levenshtein";
import { AnnexError } from "../proto/errors.ts";
import { settings, type Settings } from "./settings.ts";

/** What a running sandboxd was told; complete and frozen. A name that is not here means what settings.ts says of it. */
export interface Config extends Omit<
  Settings,
  | "home"
  | "portBase"
  | "control"
  | "socket"
  | "listenHost"
  | "runPort"
  | "container"
  | "requireToken"
  | "idleS"
  | "maxAgeS"
  | "quarantineWindowS"
> {
  /** State of this host; its own folder inside $ANNEX_HOME. */
  stateDir: string;
  socketPath: string;
  gatewayHost: string;
  gatewayPort: number;
  /** host:port of the control plane's gRPC. */
  controlAddress: string;
  joinTokenFile: string;
  /** Empty: all containers. */
  containers: readonly string[];
  isTokenRequired: boolean;
  idleMs: number;
  maxAgeMs: number;
  quarantineWindowMs: number;
}

/** What an executor needs besides one isolate's heap; the control plane asks for as much where a container has both. */
export const memoryAboveHeapMb = 64;

const portOffsetOfGateway = 2;
/** Variables of other parts of Annex, which may be set beside ours. */
const foreignVariables = [
  "ANNEX_URL",
  "ANNEX_TOKEN",
  "ANNEX_PORT",
  "ANNEX_GRPC_PORT",
];
/** A name this far from a known one is a misspelling of it, not somebody else's. */
const maxTypos = 2;

/** Reads the settings; throws `invalid` on one that is unknown, misspelt or out of range. Prints help by itself. */
export function readConfig(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): Readonly<Config> {
  const command = describe();
  refuseMisspelt(command, env);
  const given = command.parse([...argv], { from: "user" }).opts<Settings>();
  refuseHeapAboveMemory(given);
  return Object.freeze(configOf(given));
}

function configOf({
  home: givenHome,
  portBase,
  control,
  socket,
  listenHost,
  runPort,
  container,
  requireToken,
  idleS,
  maxAgeS,
  quarantineWindowS,
  joinTokenFile,
  ...same
}: Settings): Config {
  const home = resolve(givenHome);
  const socketFile =
    socket?.replace(/^unix:\/\//, "") ?? join(home, "sandboxd.sock");
  return {
    ...same,
    stateDir: join(home, "sandboxd"),
    socketPath: resolve(socketFile),
    gatewayHost: listenHost,
    gatewayPort: runPort ?? portBase + portOffsetOfGateway,
    controlAddress: control ?? `127.0.0.1:${portBase}`,
    joinTokenFile: resolve(joinTokenFile ?? join(home, "join-token")),
    containers: container ?? [],
    isTokenRequired: requireToken,
    idleMs: idleS * 1000,
    maxAgeMs: maxAgeS * 1000,
    quarantineWindowMs: quarantineWindowS * 1000,
  };
}

function describe(): Command {
  const command = new Command("sandboxd")
    .description(
      "Runs customers' code on this host and answers on a local socket.",
    )
    .allowExcessArguments(false)
    .showSuggestionAfterError();
  for (const { option } of Object.values(settings())) command.addOption(option);
  return command;
}

function refuseHeapAboveMemory({ heapLimitMb, memoryMb }: Settings): void {
  const neededMb = heapLimitMb + memoryAboveHeapMb;
  if (memoryMb >= neededMb) return;
  throw new AnnexError(
    "invalid",
    `--memory-mb is ${memoryMb}: with --heap-limit-mb ${heapLimitMb} it is at least ${neededMb}, for an executor needs ` +
      `${memoryAboveHeapMb} MB besides the heap; without that its code would be killed before its heap is full`,
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
