/** `annex container …` */
import type { Command } from "commander";
import { servicesFor } from "../connection.ts";
import { allPages } from "../pages.ts";
import { present } from "../present.ts";
import { containerJson } from "../shapes.ts";
import { fieldsOf, tableOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  type ConnectionFlags,
  group,
  remoteVerb,
} from "../verb.ts";

/** Adds the commands about containers. */
export function addContainer(program: Command, terminal: Terminal): void {
  const container = group(program, "container", {
    description:
      "Keep containers: the isolation scopes, usually one for each tenant",
    examples: ["container create acme", "container list"],
  });
  addCreate(container, terminal);
  addList(container, terminal);
  addGet(container, terminal);
  addDelete(container, terminal);
}

function addCreate(parent: Command, terminal: Terminal): void {
  changing(
    remoteVerb(parent, "create <name>", {
      description: "Create a container",
      examples: ["container create acme"],
    }),
  ).action(async (name: string, flags: ConnectionFlags & ChangeFlags) => {
    const { containers } = await servicesFor(flags, terminal);
    const answer = await containers.createContainer({
      name,
      validateOnly: flags.dryRun ?? false,
    });
    const json = containerJson(present(answer.container));
    print(terminal, flags, { json, text: fieldsOf(json) });
  });
}

function addList(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "list", {
    description: "List the containers",
    examples: ["container list --json"],
  }).action(async (flags: ConnectionFlags) => {
    const { containers } = await servicesFor(flags, terminal);
    const all = await allPages(async (pageToken) => {
      const { containers: items, nextPageToken } =
        await containers.listContainers({ pageToken });
      return { items, nextPageToken };
    });
    const json = { containers: all.map(containerJson) };
    const rows = json.containers.map(({ name, create_time }) => [
      name,
      create_time,
    ]);
    print(terminal, flags, { json, text: tableOf(["NAME", "CREATED"], rows) });
  });
}

function addGet(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "get <name>", {
    description: "Show a container",
    examples: ["container get acme"],
  }).action(async (name: string, flags: ConnectionFlags) => {
    const { containers } = await servicesFor(flags, terminal);
    const { container } = await containers.getContainer({ name });
    const json = containerJson(present(container));
    print(terminal, flags, { json, text: fieldsOf(json) });
  });
}

function addDelete(parent: Command, terminal: Terminal): void {
  changing(
    remoteVerb(parent, "delete <name>", {
      description:
        "Delete a container with its extensions, versions and secrets",
      examples: ["container delete acme"],
    }),
    "etag",
  ).action(async (name: string, flags: ConnectionFlags & ChangeFlags) => {
    const { containers } = await servicesFor(flags, terminal);
    await containers.deleteContainer({
      name,
      etag: flags.etag ?? "",
      validateOnly: flags.dryRun ?? false,
    });
    print(terminal, flags, {
      json: { deleted: !flags.dryRun, name },
      text: "",
    });
  });
}
