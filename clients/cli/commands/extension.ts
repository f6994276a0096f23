/** `annex extension …`: the group, and its short commands. */
import type { Command } from "commander";
import { containerOf, type Services, servicesFor } from "../connection.ts";
import { allPages } from "../pages.ts";
import { present } from "../present.ts";
import { extensionJson, versionJson } from "../shapes.ts";
import { fieldsOf, shownList, shownPairs, tableOf } from "../table.ts";
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
import { addCheck } from "./extension-check.ts";
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
  addCheck(extension, terminal);
  addEdit(extension, terminal);
  addActivate(extension, terminal);
  addRollBack(extension, terminal);
  addRelease(extension, terminal);
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
      hostsOf(one),
    ]);
    const head = [
      "NAME",
      "ENABLED",
      "ACTIVE",
      "NEWEST",
      "POINTS",
      "QUARANTINED BY",
    ];
    print(terminal, flags, { json, text: tableOf(head, rows) });
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
    const told = extensionJson(present(extension));
    const json = {
      ...told,
      active_runtime: await runtimeOf(extensions, told),
    };
    const { points, meta, secret_names, quarantines, ...fields } = json;
    const shown = fieldsOf({
      ...fields,
      active_runtime: json.active_runtime ?? undefined,
      points: shownList(points),
      meta: shownPairs(meta),
      secrets: shownList(secret_names),
      quarantined_by: hostsOf(json),
    });
    const active = { number: json.active_version, quarantines };
    const text = [shown, ...reasonsOf([active])].join("\n\n");
    print(terminal, flags, { json, text });
  });
}

/** Of the active version; null where there is none. */
async function runtimeOf(
  { getVersion }: Services["extensions"],
  { container, name, active_version: number }: ReturnType<typeof extensionJson>,
): Promise<string | null> {
  if (number === 0) return null;
  const { version } = await getVersion({ container, extension: name, number });
  return present(version).runtime;
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
      one.runtime,
      one.bundle_bytes,
      one.create_time,
      hostsOf(one),
    ]);
    const head = [
      "VERSION",
      "ACTIVE",
      "DIGEST",
      "RUNTIME",
      "BYTES",
      "CREATED",
      "QUARANTINED BY",
    ];
    const text = [tableOf(head, rows), ...reasonsOf(versions)].join("\n\n");
    print(terminal, flags, { json: { versions }, text });
  });
}

interface Quarantined {
  quarantines: { host: string; message: string }[];
}

/** The hosts that have it in quarantine. */
function hostsOf({ quarantines }: Quarantined): string {
  return shownList(quarantines.map(({ host }) => host));
}

/** Why hosts have versions in quarantine: the tables' cells are too narrow for it. */
function reasonsOf(versions: (Quarantined & { number: number })[]): string[] {
  const rows = versions.flatMap(({ number, quarantines }) =>
    quarantines.map(({ host, message }) => [number, host, message]),
  );
  if (rows.length === 0) return [];
  return [tableOf(["VERSION", "HOST", "IN QUARANTINE BECAUSE"], rows)];
}

function addRelease(parent: Command, terminal: Terminal): void {
  inContainer(
    changing(
      remoteVerb(parent, "release <name>", {
        description:
          "Let hosts run versions again that they have in quarantine for ending executors too often",
        examples: ["extension release hello --container acme"],
      }),
    ),
  ).action(async (name: string, flags: Flags) => {
    const { extensions } = await servicesFor(flags, terminal);
    const container = await containerOf(flags, terminal);
    const { extension } = await extensions.releaseQuarantine({
      container,
      extension: name,
      validateOnly: flags.dryRun ?? false,
    });
    print(terminal, flags, {
      json: extensionJson(present(extension)),
      text: `${container}/${name}: quarantines ${flags.dryRun ? "would be" : "are"} released`,
    });
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
