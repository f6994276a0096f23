/** The tree of commands. */
import { Command } from "commander";
import { addBackup } from "./commands/backup.ts";
import { addContainer } from "./commands/container.ts";
import { addControlplane } from "./commands/controlplane.ts";
import { addDev } from "./commands/dev.ts";
import { addEgress } from "./commands/egress.ts";
import { addExtension } from "./commands/extension.ts";
import { addHost } from "./commands/host.ts";
import { addPoint } from "./commands/point.ts";
import { addRestore } from "./commands/restore.ts";
import { addRun } from "./commands/run.ts";
import { addSandboxd } from "./commands/sandboxd.ts";
import { addSecret } from "./commands/secret.ts";
import { addToken } from "./commands/token.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** `annex` with all its commands, which speak to this terminal. */
export function programFor(terminal: Terminal): Command {
  const program = new Command("annex")
    .description(
      "Run your customers' code in the request path: publish it here, call it on its host",
    )
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .showHelpAfterError("(--help shows how it is used)")
    .addHelpText("after", afterHelp());
  program.commandsGroup("Start");
  addDev(program, terminal);
  addRun(program, terminal);
  program.commandsGroup("Manage");
  addExtension(program, terminal);
  addContainer(program, terminal);
  addPoint(program, terminal);
  addEgress(program, terminal);
  addSecret(program, terminal);
  addToken(program, terminal);
  addHost(program, terminal);
  program.commandsGroup("Operate");
  addControlplane(program, terminal);
  addSandboxd(program, terminal);
  addBackup(program, terminal);
  addRestore(program, terminal);
  return program;
}

function afterHelp(): string {
  const codes = exitCodes.map(({ exit, meaning }) => `  ${exit}  ${meaning}`);
  return `
Examples:
  $ annex dev
  $ annex run hello.js
  $ annex extension create hello.js --container demo --name hello

Where the control plane is, and who asks, in this order:
  --url and --token; ANNEX_URL and ANNEX_TOKEN; dev.json in $ANNEX_HOME,
  or in the .annex of this folder or the nearest one above

Exit codes:
${codes.join("\n")}`;
}
