/** `annex extension …`: the group, and its short commands. */
import type { Command } from "commander";
import { containerOf, type Services, servicesFor } from "../connection.ts";
import { allPages } from "../pages.ts";
import { present } from "../present.ts";
import { extensionJson, versionJson } from "../shapes.ts";
import { fieldsOf, tableOf } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  type ConnectionFlags,
  group,
  inContainer,
  remoteVerb,
} from "../verb.ts";
import { addActivate, addRollBack } from "./extension-activate.ts";
import { addEdit } from "./extension-edit.ts";
import { addInvoke } from "./extension-invoke.ts";
import { addCreate, addPublish } from "./extension-publish.ts";
import { addDisable, addEnable, addUpdate } from "./extension-update.ts";

type Flags = ConnectionFlags & ChangeFlags & { container?: string };

/** Adds the commands about extensions. */
export function addExtension(program: Command, terminal: Terminal): void {
  const extension = group(program, "extension", {
    description: "Publish, activate, roll back and call customers' code",
    examples: [
      "extension create hello.js --container acme --name hello",
      "extension invoke hello --container acme",
    ],
  });
  addCreate(extension, terminal);
  addPublish(extension, terminal);
  addList(extension, terminal);
  addGet(extension, terminal);
  addVersions(extension, terminal);
  addInvoke(extension, terminal);
  addEdit(extension, terminal);
  addActivate(extension, terminal);
  addRollBack(extension, terminal);
  addUpdate(extension, terminal);
  addEnable(extension, terminal);
  addDisable(extension, terminal);
  addDelete(extension, terminal);
}

function addList(parent: Command, terminal: Terminal): void {
  inContainer(
    remoteVerb(parent, "list", {
      description: "List a container's extensions",
      examples: ["extension list --container acme"],
    }),
  ).action(async (flags: Flags) => {
    const { extensions } = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    const all = await allPages(async (pageToken) => {
      const page = await extensions.listExtensions({ container, pageToken });
      return { items: page.extensions, nextPageToken: page.nextPageToken };
    });
    const json = { extensions: all.map(extensionJson) };
    const rows = all.map((one) => [
      one.name,
      one.enabled,
      one.activeVersion || undefined,
      one.newestVersion,
      one.points.join(", "),
    ]);
    print(terminal, flags, {
      json,
      text: tableOf(["NAME", "ENABLED", "ACTIVE", "NEWEST", "POINTS"], rows),
    });
  });
}

function addGet(parent: Command, terminal: Terminal): void {
  inContainer(
    remoteVerb(parent, "get <name>", {
      description: "Show an extension",
      examples: ["extension get hello --container acme"],
    }),
  ).action(async (name: string, flags: Flags) => {
    const { extensions } = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    const { extension } = await extensions.getExtension({
      container,
      extension: name,
    });
    const json = extensionJson(present(extension));
    const { points, meta, secret_names, ...fields } = json;
    const text = fieldsOf({
      ...fields,
      points: points.join(", "),
      meta: Object.entries(meta)
        .map(([key, value]) => `${key}=${value}`)
        .join(", "),
      secrets: secret_names.join(", "),
    });
    print(terminal, flags, { json, text });
  });
}

function addVersions(parent: Command, terminal: Terminal): void {
  inContainer(
    remoteVerb(parent, "versions <name>", {
      description: "List an extension's versions, newest first",
      examples: ["extension versions hello --container acme"],
    }),
  ).action(async (name: string, flags: Flags) => {
    const services = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    const versions = (await versionsOf(services, container, name)).map(
      versionJson,
    );
    const rows = versions.map((one) => [
      one.number,
      one.active,
      one.digest.slice(0, 12),
      one.bundle_bytes,
      one.create_time,
    ]);
    const text = tableOf(
      ["VERSION", "ACTIVE", "DIGEST", "BYTES", "CREATED"],
      rows,
    );
    print(terminal, flags, { json: { versions }, text });
  });
}

function versionsOf(
  { extensions }: Services,
  container: string,
  extension: string,
) {
  return allPages(async (pageToken) => {
    const page = await extensions.listVersions({
      container,
      extension,
      pageToken,
    });
    return { items: page.versions, nextPageToken: page.nextPageToken };
  });
}

function addDelete(parent: Command, terminal: Terminal): void {
  inContainer(
    changing(
      remoteVerb(parent, "delete <name>", {
        description:
          "Delete an extension with its versions, secrets and bindings",
        examples: ["extension delete hello --container acme"],
      }),
      "etag",
    ),
  ).action(async (name: string, flags: Flags) => {
    const { extensions } = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    await extensions.deleteExtension({
      container,
      extension: name,
      etag: flags.etag ?? "",
      validateOnly: flags.dryRun ?? false,
    });
    print(terminal, flags, {
      json: { deleted: !flags.dryRun, container, name },
      text: "",
    });
  });
}
