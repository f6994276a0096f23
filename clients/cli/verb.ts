/** How commands are declared, so that each teaches its use and takes the options that all have. */
import { type Command, InvalidArgumentError } from "commander";

/** What `--help` says of a command. */
export interface Manual {
  description: string;
  /** Command lines that work, without their `annex`. */
  examples: string[];
}

/** Options of every command. */
export interface OutputFlags {
  json?: boolean;
}

/** Options of every command that talks to the control plane. */
export interface ConnectionFlags extends OutputFlags {
  url?: string;
  token?: string;
}

/** Options of the commands that change something. */
export interface ChangeFlags {
  dryRun?: boolean;
  etag?: string;
}

/** A command, e.g. `verb(program, "backup <file>", …)`. */
export function verb(parent: Command, usage: string, manual: Manual): Command {
  return parent
    .command(usage)
    .description(manual.description)
    .option("--json", "print JSON")
    .addHelpText("after", examplesOf(manual));
}

/** A command that talks to the control plane. */
export function remoteVerb(
  parent: Command,
  usage: string,
  manual: Manual,
): Command {
  return verb(parent, usage, manual)
    .option("--url <url>", "the control plane; else ANNEX_URL, else dev.json")
    .option("--token <token>", "who asks; else ANNEX_TOKEN, else dev.json");
}

/** A group of commands about one thing. */
export function group(parent: Command, name: string, manual: Manual): Command {
  const command = parent.command(name).description(manual.description);
  return command.addHelpText("after", examplesOf(manual));
}

/** For `--secret K=V`, any number of times. */
export function collectPair(
  text: string,
  before: Record<string, string> = {},
): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError("It must look like NAME=VALUE.");
  }
  return { ...before, [name]: value };
}

/** For `--point P`, any number of times. */
export function collect(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** For whole numbers. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new InvalidArgumentError("It must be a whole number.");
  }
  return number;
}

function examplesOf({ examples }: Manual): string {
  const lines = examples.map((example) => `  $ annex ${example}`);
  return `\n${examples.length === 1 ? "Example" : "Examples"}:\n${lines.join("\n")}`;
}

/** Adds the options of commands that change something. */
export function changing(command: Command, ...more: "etag"[]): Command {
  command.option("--dry-run", "check everything and change nothing");
  if (more.includes("etag")) {
    command.option(
      "--etag <etag>",
      "refuse if it was changed since it had this etag",
    );
  }
  return command;
}

/** Adds the option of commands about something in a container. */
export function inContainer(command: Command): Command {
  return command.option(
    "--container <name>",
    "the container; by default the demo one where dev.json is found",
  );
}

/** A command that is another program: whatever follows is that program's, `--help` included. */
export function daemonVerb(
  parent: Command,
  name: string,
  manual: Manual,
): Command {
  return parent
    .command(`${name} [arguments...]`)
    .description(manual.description)
    .helpOption(false)
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText("after", examplesOf(manual));
}
