/** `annex backup` */
import path from "node:path";
import type { Command } from "commander";
import { homeOf } from "../dev-file.ts";
import { passOn } from "../pass-on.ts";
import { print, type Terminal } from "../terminal.ts";
import { type OutputFlags, verb } from "../verb.ts";

/** Adds the command that copies the control plane's state. */
export function addBackup(program: Command, terminal: Terminal): void {
  verb(program, "backup <file>", {
    description:
      "Copy the state of this machine's control plane into a file, while it runs or not",
    examples: ["backup annex.backup"],
  })
    .option(
      "--home <dir>",
      "where the state is; else ANNEX_HOME, else ./.annex",
    )
    .action(async (name: string, flags: OutputFlags & { home?: string }) => {
      const file = path.resolve(terminal.cwd, name);
      const home = homeOf(terminal, flags.home);
      await passOn("controlplane", ["backup", file, "--home", home], terminal);
      print(terminal, flags, {
        json: { file },
        text: `wrote ${file}; it holds no key: keep ${path.join(home, "master.key")} too, in another place`,
      });
    });
}
