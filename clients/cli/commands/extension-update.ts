/** `annex extension update`, `enable` and `disable`. */
import type { Command } from "commander";
import type {
  DeepPartial,
  UpdateExtensionRequest,
} from "../../../proto/gen/annex/control/v1/extension.ts";
import { containerOf, type Services, servicesFor } from "../connection.ts";
import { CommandFailed } from "../exit-codes.ts";
import { present } from "../present.ts";
import { extensionJson } from "../shapes.ts";
import { shownPairs } from "../table.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  collect,
  collectPair,
  type ConnectionFlags,
  inContainer,
  remoteVerb,
} from "../verb.ts";

type Flags = ConnectionFlags & ChangeFlags & { container?: string };

interface MetaFlags {
  meta?: Record<string, string>;
  removeMeta?: string[];
}

/** Adds `extension update`. */
export function addUpdate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "update <name>", {
    description: "Change an extension's meta data; publish changes its code",
    examples: [
      "extension update hello --meta owner=ann --remove-meta draft --container acme",
    ],
  });
  inContainer(changing(command, "etag"))
    .option(
      "--meta <name=value>",
      "set meta data; may be repeated",
      collectPair,
    )
    .option(
      "--remove-meta <name>",
      "remove meta data; may be repeated",
      collect,
    )
    .action(async (extension: string, flags: Flags & MetaFlags) => {
      if (!flags.meta && !flags.removeMeta) {
        throw new CommandFailed(
          "usage",
          "what is to be changed? Give --meta or --remove-meta",
        );
      }
      const services = await servicesFor(flags, terminal);
      const container = await containerOf(flags, terminal);
      const change = await metaChange(
        services,
        { container, extension },
        flags,
      );
      const json = await update(services, flags, {
        container,
        extension,
        ...change,
      });
      const text = `${container}/${extension}: meta ${shownPairs(json.meta) || "-"}`;
      print(terminal, flags, { json, text });
    });
}

/** Adds `extension enable`. */
export function addEnable(parent: Command, terminal: Terminal): void {
  addSwitch(parent, terminal, true, {
    description: "Let an extension be called again",
    examples: ["extension enable hello --container acme"],
  });
}

/** Adds `extension disable`. */
export function addDisable(parent: Command, terminal: Terminal): void {
  addSwitch(parent, terminal, false, {
    description: "Keep an extension from being called",
    examples: ["extension disable hello --container acme"],
  });
}

function addSwitch(
  parent: Command,
  terminal: Terminal,
  enabled: boolean,
  manual: { description: string; examples: string[] },
): void {
  const command = remoteVerb(
    parent,
    `${enabled ? "enable" : "disable"} <name>`,
    manual,
  );
  inContainer(changing(command, "etag")).action(
    async (extension: string, flags: Flags) => {
      const services = await servicesFor(flags, terminal);
      const container = await containerOf(flags, terminal);
      const json = await update(services, flags, {
        container,
        extension,
        enabled,
      });
      const text = `${container}/${extension}: ${json.enabled ? "enabled" : "disabled"}`;
      print(terminal, flags, { json, text });
    },
  );
}

/** The wire replaces all of the meta data, so the rest is read first and the etag keeps it from changing in between. */
async function metaChange(
  { extensions }: Services,
  name: { container: string; extension: string },
  flags: Flags & MetaFlags,
) {
  const { meta, etag } = present(
    (await extensions.getExtension(name)).extension,
  );
  const entries = Object.entries({ ...meta, ...flags.meta });
  const kept = entries.filter(([key]) => !flags.removeMeta?.includes(key));
  return {
    meta: { entries: Object.fromEntries(kept) },
    etag: flags.etag ?? etag,
  };
}

async function update(
  services: Services,
  flags: Flags,
  request: DeepPartial<UpdateExtensionRequest>,
) {
  const answer = await services.extensions.updateExtension({
    etag: flags.etag ?? "",
    ...request,
    validateOnly: flags.dryRun ?? false,
  });
  return extensionJson(present(answer.extension));
}
