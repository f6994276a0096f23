/** `annex extension create` and `publish`: source → a new version that serves. */
import path from "node:path";
import type { Command } from "commander";
import type {
  DeepPartial,
  PublishVersionRequest,
  PublishVersionResponse,
} from "../../../proto/gen/annex/control/v1/extension.ts";
import { containerOf, type Services, servicesFor } from "../connection.ts";
import { gather } from "../gather.ts";
import { present } from "../present.ts";
import { waitForRollout } from "../rollout.ts";
import { extensionJson, rolloutJson, versionJson } from "../shapes.ts";
import { print, type Terminal } from "../terminal.ts";
import {
  type ChangeFlags,
  changing,
  collect,
  collectPair,
  type ConnectionFlags,
  inContainer,
  remoteVerb,
  wholeNumber,
} from "../verb.ts";

/** Options of what publishes. */
export interface PublishFlags extends ConnectionFlags, ChangeFlags {
  container?: string;
  /** `--no-wait` makes it false. */
  wait: boolean;
  waitMs?: number;
}

interface SourceFlags extends PublishFlags {
  name: string;
  entry?: string;
  point?: string[];
  secret?: Record<string, string>;
  meta?: Record<string, string>;
  /** `--no-activate` makes it false. */
  activate: boolean;
}

/** Adds `extension create`. */
export function addCreate(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "create <file>", {
    description:
      "Create an extension of a file or folder: build, publish, activate, and wait until the hosts have it",
    examples: [
      "extension create hello.js --container acme --name hello",
      "extension create ./check --container acme --name check-domain --point pre-user-registration --secret API_KEY=s3cret",
    ],
  });
  withSource(command).action((file: string, flags: SourceFlags) =>
    publishFile(file, flags, true, terminal),
  );
}

/** Adds `extension publish`. */
export function addPublish(parent: Command, terminal: Terminal): void {
  const command = remoteVerb(parent, "publish <file>", {
    description:
      "Publish a new version of an extension, activate it, and wait until the hosts have it",
    examples: ["extension publish hello.js --container acme --name hello"],
  });
  withSource(command)
    .option("--no-activate", "only store the version")
    .option(
      "--etag <etag>",
      "refuse if the extension was changed since it had this etag",
    )
    .action((file: string, flags: SourceFlags) =>
      publishFile(file, flags, false, terminal),
    );
}

/** Adds the options of waiting for the hosts. */
export function waiting(command: Command): Command {
  return command
    .option("--no-wait", "do not wait until the hosts have compiled it")
    .option(
      "--wait-ms <ms>",
      "wait at most so long (default: 60000)",
      wholeNumber,
    );
}

function withSource(command: Command): Command {
  return waiting(changing(inContainer(command)))
    .requiredOption("--name <name>", "the extension's name")
    .option(
      "--entry <path>",
      "the file of the folder to start from; else package.json's main, or index",
    )
    .option(
      "--point <name>",
      "bind it at this point too; may be repeated",
      collect,
    )
    .option(
      "--secret <name=value>",
      "give it a secret; may be repeated",
      collectPair,
    )
    .option(
      "--meta <name=value>",
      "give it meta data; may be repeated",
      collectPair,
    );
}

async function publishFile(
  file: string,
  flags: SourceFlags,
  create: boolean,
  terminal: Terminal,
): Promise<void> {
  const services = await servicesFor(flags, terminal);
  const container = await containerOf(flags, terminal);
  const source = await gather(path.resolve(terminal.cwd, file));
  await publish(services, flags, terminal, {
    container,
    extension: flags.name,
    ...source,
    entry: flags.entry ?? source.entry,
    create,
    activate: flags.activate ?? true,
    points: flags.point ?? [],
    secrets: flags.secret ?? {},
    meta: flags.meta ?? {},
    etag: flags.etag ?? "",
  });
}

/** Publishes, waits for the hosts, and says how it went. */
export async function publish(
  services: Services,
  flags: PublishFlags,
  terminal: Terminal,
  request: DeepPartial<PublishVersionRequest> & {
    container: string;
    extension: string;
  },
): Promise<void> {
  const validateOnly = flags.dryRun ?? false;
  const published = await services.extensions.publishVersion({
    ...request,
    validateOnly,
  });
  const isAwaited = flags.wait && request.activate && !validateOnly;
  const { container, extension, activate } = request;
  const wait = {
    container,
    extension,
    ...(flags.waitMs === undefined ? {} : { timeoutMs: flags.waitMs }),
  };
  const rollout = isAwaited
    ? rolloutJson(await waitForRollout(services, wait))
    : undefined;
  if (rollout?.subscribed === 0) {
    terminal.stderr.write(
      "annex: no host is connected yet; those that connect will get it\n",
    );
  }
  const json = { ...shapeOf(published), rollout: rollout ?? null };
  const how = validateOnly
    ? "would be published"
    : activate
      ? "is active"
      : "is stored";
  const where = rollout
    ? ` and compiled on ${rollout.compiled} of ${rollout.subscribed} hosts`
    : "";
  const text = `${container}/${extension}: version ${json.version.number} ${how}${where}`;
  print(terminal, flags, { json, text });
}

function shapeOf({ extension, version }: PublishVersionResponse) {
  return {
    extension: extensionJson(present(extension)),
    version: versionJson(present(version)),
  };
}
