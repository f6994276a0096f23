/** `annex controlplane …` */
import type { Command } from "commander";
import { passOn } from "../pass-on.ts";
import type { Terminal } from "../terminal.ts";
import { daemonVerb } from "../verb.ts";

/** Adds the command that is the control plane's program. */
export function addControlplane(program: Command, terminal: Terminal): void {
  daemonVerb(program, "controlplane", {
    description: "Run the control plane; its arguments are passed on",
    examples: ["controlplane --home /var/lib/annex", "controlplane --help"],
  }).action((args: string[]) => passOn("controlplane", args, terminal));
}
