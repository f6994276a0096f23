/** `annex extension activate` and `rollback`: which version serves. */
import type { Command } from "commander";
import type { Extension } from "../../../proto/gen/annex/control/v1/extension.ts";
import { containerOf, type Services, servicesFor } from "../connection.ts";
import { present } from "../present.ts";
import { waitForRollout } from "../rollout.ts";
import { extensionJson, rolloutJson } from "../shapes.ts";
import { print, type Terminal } from "../terminal.ts";
import { changing, inContainer, remoteVerb, wholeNumber } from "../verb.ts";
import { type PublishFlags, waiting } from "./extension-publish.ts";

/** Adds `extension activate`. */
export function addActivate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "activate <name>", {
    description:
      "Make a version the one that serves, and wait until the hosts have it",
    examples: ["extension activate hello --version 3 --container acme"],
  });
  waiting(inContainer(changing(command, "etag")))
    .requiredOption("--version <number>", "the version", wholeNumber)
    .action(
      async (extension: string, flags: PublishFlags & { version: number }) => {
        const services = await servicesFor(flags, terminal);
        const container = await containerOf(flags, terminal);
        const answer = await services.extensions.activateVersion({
          container,
          extension,
          number: flags.version,
          etag: flags.etag ?? "",
          validateOnly: flags.dryRun ?? false,
        });
        await tell(services, flags, terminal, present(answer.extension));
      },
    );
}

/** Adds `extension rollback`. */
export function addRollBack(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "rollback <name>", {
    description:
      "Activate the version that served before, and wait until the hosts have it",
    examples: ["extension rollback hello --container acme"],
  });
  waiting(inContainer(changing(command, "etag"))).action(
    async (extension: string, flags: PublishFlags) => {
      const services = await servicesFor(flags, terminal);
      const container = await containerOf(flags, terminal);
      const answer = await services.extensions.rollBackExtension({
        container,
        extension,
        etag: flags.etag ?? "",
        validateOnly: flags.dryRun ?? false,
      });
      await tell(services, flags, terminal, present(answer.extension));
    },
  );
}

async function tell(
  services: Services,
  flags: PublishFlags,
  terminal: Terminal,
  extension: Extension,
): Promise<void> {
  const { container, name, activeVersion } = extension;
  const timeout = flags.waitMs === undefined ? {} : { timeoutMs: flags.waitMs };
  const isAwaited = flags.wait && !flags.dryRun;
  const rollout = isAwaited
    ? await waitForRollout(services, { container, extension: name, ...timeout })
    : undefined;
  print(terminal, flags, {
    json: {
      extension: extensionJson(extension),
      rollout: rollout ? rolloutJson(rollout) : null,
    },
    text: `${container}/${name}: version ${activeVersion} ${flags.dryRun ? "would be" : "is"} active`,
  });
}
