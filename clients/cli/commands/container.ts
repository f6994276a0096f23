/** `annex container …` */
import type { Command } from "commander";
import type { Container } from "../../../proto/gen/annex/control/v1/container.ts";
import {
  type ContainerFlags,
  needsPresent,
  settingsOf,
  withContainerSettings,
} from "../container-flags.ts";
import { servicesFor } from "../connection.ts";
import { CommandFailed } from "../exit-codes.ts";
import { shownLimits } from "../limits.ts";
import { noteOnPrivateRules } from "../private-rules.ts";
import { allPages } from "../pages.ts";
import { present } from "../present.ts";
import { containerJson } from "../shapes.ts";
import { fieldsOf, shownList, shownPairs, tableOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  collect,
  type ConnectionFlags,
  group,
  remoteVerb,
} from "../verb.ts";

/** Adds the commands about containers. */
export function addContainer(program: Command, terminal: Terminal): void {
  const container = group(program, "container", {
    description:
      "Keep containers: the isolation scopes, usually one for each tenant",
    examples: [
      "container create acme",
      "container update acme --limit cpu-ms=50 --allow api.example.com",
      "container list",
    ],
  });
  addCreate(container, terminal);
  addList(container, terminal);
  addGet(container, terminal);
  addUpdate(container, terminal);
  addDelete(container, terminal);
}

type Flags = ConnectionFlags & ChangeFlags & ContainerFlags;

function addCreate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "create <name>", {
    description: "Create a container",
    examples: [
      "container create acme",
      "container create acme --label plan=enterprise --limit cpu-ms=50 --limit heap-mb=64",
    ],
  });
  withContainerSettings(changing(command)).action(
    async (name: string, flags: Flags) => {
      const { containers } = await servicesFor(flags, terminal);
      const { container } = await containers.createContainer({
        name,
        ...settingsOf(flags),
        validateOnly: flags.dryRun ?? false,
      });
      tell(terminal, flags, container);
      noteOn(terminal, flags);
    },
  );
}

function addUpdate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "update <name>", {
    description:
      "Change a container's labels, limits, trust group, or where its code may connect to; the rest stays",
    examples: [
      "container update acme --limit wall-ms=2000 --limit heap-mb=default",
      "container update acme --label plan=enterprise --trust-group internal",
      "container update acme --allow api.example.com:443 --allow *.example.net --deny-none",
    ],
  });
  withContainerSettings(changing(command, "etag"))
    .option("--remove-label <name>", "remove a label; may be repeated", collect)
    .action(async (name: string, flags: Flags) => {
      if (Object.keys(settingsOf(flags)).length === 0)
        throw new CommandFailed(
          "usage",
          "what is to be changed? Give --label, --limit, --trust-group, --allow or --deny",
        );
      const { containers } = await servicesFor(flags, terminal);
      // The wire replaces labels, limits and rules whole; the etag keeps them from changing after they were read.
      const before = needsPresent(flags)
        ? present((await containers.getContainer({ name })).container)
        : undefined;
      const { labels, ...settings } = settingsOf(flags, before);
      const { container } = await containers.updateContainer({
        name,
        ...settings,
        ...(labels && { labels: { values: labels } }),
        etag: flags.etag ?? before?.etag ?? "",
        validateOnly: flags.dryRun ?? false,
      });
      tell(terminal, flags, container);
      noteOn(terminal, flags);
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
    const rows = json.containers.map((one) => [
      one.name,
      one.create_time,
      shownPairs(one.labels),
      one.trust_group,
    ]);
    const head = ["NAME", "CREATED", "LABELS", "TRUST GROUP"];
    print(terminal, flags, { json, text: tableOf(head, rows) });
  });
}

function addGet(parent: Command, terminal: Terminal): void {
  remoteVerb(parent, "get <name>", {
    description: "Show a container",
    examples: ["container get acme"],
  }).action(async (name: string, flags: ConnectionFlags) => {
    const { containers } = await servicesFor(flags, terminal);
    const { container } = await containers.getContainer({ name });
    tell(terminal, flags, container);
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

function tell(
  terminal: Terminal,
  flags: ConnectionFlags,
  container: Container | undefined,
): void {
  const json = containerJson(present(container));
  const { labels, limits, egress, create_time, etag, ...fields } = json;
  const text = fieldsOf({
    ...fields,
    labels: shownPairs(labels),
    limits: shownLimits(limits) || "the hosts' defaults",
    allow: shownList(egress.allow) || "every public address",
    deny: shownList(egress.deny),
    create_time,
    etag,
  });
  print(terminal, flags, { json, text });
}

function noteOn(terminal: Terminal, { allow = [] }: Flags): void {
  const note = noteOnPrivateRules(allow);
  if (note !== undefined) terminal.stderr.write(`${note}\n`);
}
