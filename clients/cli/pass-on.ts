/** A daemon's own program in the place of `annex`: same terminal, same end, same exit code. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { type DaemonName, environmentOf, programOf } from "./daemon.ts";
import { ProgramEnded } from "./exit-codes.ts";
import { interruption } from "./interruption.ts";
import type { Terminal } from "./terminal.ts";

/** Runs it to its end; throws ProgramEnded unless it went well. */
export async function passOn(
  name: DaemonName,
  args: string[],
  { env, cwd }: Terminal,
): Promise<void> {
  const child = spawn(process.execPath, [programOf(name), ...args], {
    stdio: "inherit",
    env: environmentOf(env),
    cwd,
  });
  // Always SIGTERM: at Ctrl-C the terminal has already sent it a SIGINT, and a second one would end it uncleanly.
  void interruption(env).then(() => child.kill("SIGTERM"));
  const [code, signal]: unknown[] = await once(child, "exit");
  const exit = typeof code === "number" ? code : 128 + numberOf(signal);
  if (exit !== 0) throw new ProgramEnded(name, exit);
}

function numberOf(signal: unknown): number {
  return (
    Object.entries(constants.signals).find(([name]) => name === signal)?.[1] ??
    0
  );
}
