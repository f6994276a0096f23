/** `annex dev`, which is `npm start`: control plane and sandboxd on this machine, with a demo container. */
import type { Command } from "commander";
import { startAllInOne } from "../all-in-one.ts";
import { homeOf, readDevFile } from "../dev-file.ts";
import { CommandFailed } from "../exit-codes.ts";
import { interruption } from "../interruption.ts";
import { readyBlock } from "../ready-block.ts";
import { print, type Terminal } from "../terminal.ts";
import { type OutputFlags, verb, wholeNumber } from "../verb.ts";

interface DevFlags extends OutputFlags {
  home?: string;
  portBase?: number;
  verbose?: boolean;
}

/** Adds the command that starts the all-in-one. */
export function addDev(program: Command, terminal: Terminal): void {
  verb(program, "dev", {
    description:
      "Start control plane and sandboxd on this machine, for development",
    examples: ["dev", "dev --home /tmp/annex --port-base 7800"],
  })
    .option(
      "--home <dir>",
      "where all state lives; else ANNEX_HOME, else ./.annex",
    )
    .option(
      "--port-base <port>",
      "control gRPC here, its HTTP at +1, sandboxd's HTTP at +2; else ANNEX_PORT_BASE, else 7700",
      wholeNumber,
    )
    .option(
      "--verbose",
      "show every line that the two log, not the warnings only",
    )
    .action((flags: DevFlags) => runDev(flags, terminal));
}

async function runDev(flags: DevFlags, terminal: Terminal): Promise<void> {
  const home = homeOf(terminal, flags.home);
  await refuseSecond(home);
  const interrupted = interruption(terminal.env);
  const all = await startAllInOne({
    home,
    portBase: portBaseOf(flags, terminal),
    isVerbose: flags.verbose ?? false,
    terminal,
  });
  try {
    print(terminal, flags, {
      json: { ...all.devFile, walls: all.walls, limits: all.limits },
      text: readyBlock(all, home),
    });
    const death = await Promise.race([interrupted, all.death]);
    if (death !== undefined) throw new CommandFailed("failed", death);
  } finally {
    await all.close();
  }
}

/** Where one runs already, before anything is started or said. */
async function refuseSecond(home: string): Promise<void> {
  const running = await readDevFile(home).catch(() => undefined);
  if (running === undefined || !(await answers(running.http))) return;
  throw new CommandFailed(
    "failed",
    `Annex runs already in ${home} (control plane at ${running.http}); end that one first, or give another --home and --port-base`,
  );
}

const probeTimeoutMs = 1000;

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(new URL("/healthz", url), {
      signal: AbortSignal.timeout(probeTimeoutMs),
    });
    return response.ok;
  } catch {
    return false;
  }
}

function portBaseOf(flags: DevFlags, { env }: Terminal): number {
  const given =
    flags.portBase ??
    (env["ANNEX_PORT_BASE"] ? wholeNumber(env["ANNEX_PORT_BASE"]) : 7700);
  if (given <= 65_533) return given;
  throw new CommandFailed(
    "usage",
    `--port-base ${given} leaves no room for three ports; take one up to 65533, or 0 for free ones`,
  );
}
