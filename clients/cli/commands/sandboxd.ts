/** `annex sandboxd …` */
import type { Command } from "commander";
import { passOn } from "../pass-on.ts";
import type { Terminal } from "../terminal.ts";
import { daemonVerb } from "../verb.ts";

/** Adds the command that is sandboxd's program. */
export function addSandboxd(program: Command, terminal: Terminal): void {
  daemonVerb(program, "sandboxd", {
    description: "Run sandboxd on this host; its arguments are passed on",
    examples: [
      "sandboxd --control 10.0.0.5:7700 --join-token-file /etc/annex/join-token",
      "sandboxd --help",
    ],
  }).action((args: string[]) => passOn("sandboxd", args, terminal));
}
