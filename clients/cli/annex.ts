/** One run of the command line. */
import { CommanderError } from "commander";
import { endingOf, ProgramEnded } from "./exit-codes.ts";
import { programFor } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/** Runs `annex` with these arguments and gives its exit code; everything it says goes to the terminal. */
export async function annex(
  argv: string[],
  terminal: Terminal,
): Promise<number> {
  try {
    await programFor(terminal).parseAsync(argv, { from: "user" });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return usage(thrown, argv, terminal);
    if (thrown instanceof ProgramEnded) return thrown.exit;
    const { exit, code, message } = endingOf(thrown);
    terminal.stderr.write(`annex: ${message}\n`);
    tellJson(argv, terminal, { code, message });
    return exit;
  }
}

/** Commander has told the person already; also how it ends after `--help`. */
function usage(
  thrown: CommanderError,
  argv: string[],
  terminal: Terminal,
): number {
  if (thrown.exitCode === 0) return 0;
  const message = thrown.message.replace(/^error: /, "");
  tellJson(argv, terminal, { code: "usage", message });
  return 2;
}

function tellJson(
  argv: string[],
  terminal: Terminal,
  error: { code: string; message: string },
): void {
  if (argv.includes("--json"))
    terminal.stdout.write(`${JSON.stringify({ error })}\n`);
}
