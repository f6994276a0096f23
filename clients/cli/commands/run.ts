/** `annex run` */
import path from "node:path";
import type { Command } from "commander";
import { connectionOf, containerOf } from "../connection.ts";
import { dataOf } from "../data.ts";
import { CommandFailed } from "../exit-codes.ts";
import { invoke } from "../invoke.ts";
import { scriptOf } from "../script.ts";
import type { Terminal } from "../terminal.ts";
import { type ConnectionFlags, inContainer, remoteVerb } from "../verb.ts";

type Flags = ConnectionFlags & { container?: string; data?: string };

/** Adds the command that runs code without anything published. */
export function addRun(program: Command, terminal: Terminal): void {
  inContainer(
    remoteVerb(program, "run <file>", {
      description:
        "Run a file or folder once, with nothing published, and print what it answers",
      examples: [
        "run hello.js",
        `run ./folder --container acme --data '{"name":"you"}'`,
      ],
    }),
  )
    .option(
      "--data <json>",
      "a JSON object, or @file: the code sees it in ctx.query and ctx.data",
    )
    .action(async (file: string, flags: Flags) => {
      const connection = await connectionOf(flags, terminal);
      const container = await containerOf(flags, terminal);
      const call = {
        path: encodeURIComponent(container),
        method: "POST",
        query:
          flags.data === undefined ? {} : await queryOf(flags.data, terminal),
        body: await scriptOf(path.resolve(terminal.cwd, file)),
        contentType: "application/javascript",
      };
      await invoke(connection, call, flags, terminal);
    });
}

/** The body is the code, so that data can go in the query only. */
async function queryOf(
  data: string,
  terminal: Terminal,
): Promise<Record<string, string>> {
  const { value } = await dataOf(data, terminal);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CommandFailed(
      "usage",
      "--data of run is a JSON object; its values go into the query",
    );
  }
  const pairs = Object.entries(value).map(([name, item]) => [
    name,
    typeof item === "string" ? item : JSON.stringify(item),
  ]);
  return Object.fromEntries(pairs);
}
