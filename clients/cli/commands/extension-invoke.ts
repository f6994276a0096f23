/** `annex extension invoke` */
import type { Command } from "commander";
import { connectionOf, containerOf } from "../connection.ts";
import { dataOf } from "../data.ts";
import { invoke } from "../invoke.ts";
import type { Terminal } from "../terminal.ts";
import { type ConnectionFlags, inContainer, remoteVerb } from "../verb.ts";

type Flags = ConnectionFlags & { container?: string; data?: string };

/** Adds `extension invoke`. */
export function addInvoke(parent: Command, terminal: Terminal): void {
  inContainer(
    remoteVerb(parent, "invoke <name>", {
      description: "Call an extension over HTTP and print what it answers",
      examples: [
        "extension invoke hello --container acme",
        `extension invoke hello --container acme --data '{"name":"you"}'`,
        "extension invoke hello --container acme --data @payload.json",
      ],
    }),
  )
    .option("--data <json>", "the payload: JSON, or @file")
    .action(async (name: string, flags: Flags) => {
      const connection = await connectionOf(flags, terminal);
      const container = await containerOf(flags, terminal);
      const { text } = await dataOf(flags.data ?? "{}", terminal);
      const call = {
        path: `${encodeURIComponent(container)}/${encodeURIComponent(name)}`,
        method: "POST",
        body: text,
        contentType: "application/json",
      };
      await invoke(connection, call, flags, terminal);
    });
}
