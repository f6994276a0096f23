/** `annex restore` */
import path from "node:path";
import type { Command } from "commander";
import { homeOf } from "../dev-file.ts";
import { passOn } from "../pass-on.ts";
import { print, type Terminal } from "../terminal.ts";
import { type OutputFlags, verb } from "../verb.ts";

/** Adds the command that brings the control plane's state back. */
export function addRestore(program: Command, terminal: Terminal): void {
  verb(program, "restore <file>", {
    description:
      "Bring back what backup copied, for a control plane that does not run; hosts then begin anew",
    examples: ["restore annex.backup", "restore annex.backup --replace"],
  })
    .option(
      "--home <dir>",
      "where the state goes; else ANNEX_HOME, else ./.annex",
    )
    .option("--replace", "take the place of the state that is there")
    .action(
      async (
        name: string,
        flags: OutputFlags & { home?: string; replace?: boolean },
      ) => {
        const file = path.resolve(terminal.cwd, name);
        const home = homeOf(terminal, flags.home);
        const replace = flags.replace ? ["--replace"] : [];
        const args = ["restore", file, "--home", home, ...replace];
        await passOn("controlplane", args, terminal);
        print(terminal, flags, {
          json: { file },
          text: `restored ${file} into ${home}; when the control plane runs again, hosts follow its new history`,
        });
      },
    );
}
