/** `annex host …` */
import type { Command } from "commander";
import { servicesFor } from "../connection.ts";
import { present } from "../present.ts";
import { hostJson, hostVersionJson } from "../shapes.ts";
import { fieldsOf, tableOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import { type ConnectionFlags, group, remoteVerb } from "../verb.ts";

/** Adds the commands about hosts. */
export function addHost(program: Command, terminal: Terminal): void {
  const host = group(program, "host", {
    description: "Look at the hosts: the running sandboxd instances",
    examples: ["host list"],
  });
  addList(host, terminal);
  addGet(host, terminal);
}

function addList(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "list", {
    description: "List the hosts, and whether they are connected",
    examples: ["host list"],
  }).action(async (flags: ConnectionFlags) => {
    const { hosts } = await servicesFor(flags, terminal);
    const all = (await hosts.listHosts({})).hosts.map(hostJson);
    const json = { hosts: all };
    const rows = all.map((host) => [
      host.name,
      host.connected,
      host.since_time,
      host.revision,
      host.run_url,
      host.release,
      host.runtimes.join(", "),
      host.walls,
      host.limits,
    ]);
    const head = [
      "NAME",
      "CONNECTED",
      "SINCE",
      "REVISION",
      "RUN URL",
      "RELEASE",
      "RUNTIMES",
      "WALLS",
      "LIMITS",
    ];
    print(terminal, flags, { json, text: tableOf(head, rows) });
  });
}

function addGet(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "get <name>", {
    description: "Show a host and how far it has come with each version",
    examples: ["host get machine-1"],
  }).action(async (name: string, flags: ConnectionFlags) => {
    const { hosts } = await servicesFor(flags, terminal);
    const host = present((await hosts.getHost({ name })).host);
    const versions = host.versions.map(hostVersionJson);
    const { runtimes, ...fields } = hostJson(host);
    const json = { ...hostJson(host), versions };
    const rows = versions.map((held) => [
      held.container,
      held.extension,
      held.version,
      held.state,
      held.reason,
    ]);
    const table = tableOf(
      ["CONTAINER", "EXTENSION", "VERSION", "STATE", "REASON"],
      rows,
    );
    const text = fieldsOf({ ...fields, runtimes: runtimes.join(", ") });
    print(terminal, flags, {
      json,
      text: rows.length > 0 ? `${text}\n\n${table}` : text,
    });
  });
}
