/** Publishing: a build becomes an extension's next version. */
import { hash } from "node:crypto";
import { AnnexError } from "../../proto/errors.ts";
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import type { Extension } from "../domain/extension.ts";
import { checkExtensionName } from "../domain/name.ts";
import type { Bundle, SourceFile, Version } from "../domain/version.ts";
import { activateVersion } from "./activations.ts";
import { bindExtension } from "./bindings.ts";
import { requireContainer } from "./container-rows.ts";
import {
  describeExtension,
  findExtensionRow,
  markExtension,
  metaOf,
  requireExtension,
  requireExtensionRow,
  touchExtension,
  type ExtensionName,
  type ExtensionRow,
} from "./extension-rows.ts";
import { setMeta } from "./extensions.ts";
import type { SealingKey } from "./sealing.ts";
import { newSealedDataKey, putSecrets } from "./secrets.ts";
import type { ChangeTransaction } from "./transactions.ts";
import {
  insertVersion,
  newestVersion,
  requireVersion,
} from "./version-rows.ts";

/** A build to be stored as an extension's next version. */
export interface PublishRequest extends ExtensionName, EtagOption {
  files: SourceFile[];
  entry: string;
  bundle: Bundle;
  /** Make it the version that serves. */
  activate: boolean;
  /** Create the extension: already_exists where it exists; without it, not_found where it does not. */
  create: boolean;
  /** Bind the extension at these points too. */
  points?: string[] | undefined;
  /** Added to the extension's meta. */
  meta?: Record<string, string> | undefined;
  /** Added to the extension's secrets. */
  secrets?: Record<string, string> | undefined;
}

/** What a publish came to. */
export interface Published {
  extension: Extension;
  version: Version;
}

/** Publishes within a transaction. */
export async function publish(
  transaction: ChangeTransaction,
  masterKey: SealingKey,
  request: PublishRequest,
): Promise<Published> {
  checkBuild(request);
  await requireContainer(transaction, request.container);
  const row = request.create
    ? await createExtension(transaction, masterKey, request)
    : await extensionToPublish(transaction, request);
  const { number, isNew } = await storeVersion(transaction, request);
  const isOther = await apply(transaction, masterKey, { request, row, number });
  // A version that does not serve is nothing hosts need to know.
  if (isOther) await markExtension(transaction, request);
  else if (isNew) await touchExtension(transaction, request);
  return {
    extension: await requireExtension(transaction, request),
    version: await requireVersion(transaction, { ...request, number }),
  };
}

/** What would make two contents of one digest, or two files of one path. */
function checkBuild({ bundle, files }: PublishRequest): void {
  if (hash("sha256", bundle.content, "hex") !== bundle.digest)
    throw new Error("a bundle's digest is not that of its content");
  const paths = new Set<string>();
  for (const { path } of files) {
    if (paths.has(path))
      throw new AnnexError("invalid", `file ${path} is there twice`);
    paths.add(path);
  }
}

async function createExtension(
  transaction: ChangeTransaction,
  masterKey: SealingKey,
  request: PublishRequest,
): Promise<ExtensionRow> {
  const { container, extension } = request;
  checkExtensionName(extension);
  if (await findExtensionRow(transaction, request))
    throw new AnnexError(
      "already_exists",
      `${describeExtension(request)} already exists: publish a new version of it instead`,
    );
  await transaction.query
    .insertInto("extensions")
    .values({
      container,
      name: extension,
      enabled: 1,
      active_version: null,
      meta: "{}",
      quarantine_releases: 0,
      sealed_data_key: newSealedDataKey(masterKey, request),
      created_at_ms: transaction.nowMs,
      updated_at_ms: transaction.nowMs,
      etag: "",
    })
    .execute();
  return await requireExtensionRow(transaction, request);
}

async function extensionToPublish(
  transaction: ChangeTransaction,
  request: PublishRequest,
): Promise<ExtensionRow> {
  const row = await findExtensionRow(transaction, request);
  if (!row)
    throw new AnnexError(
      "not_found",
      `there is no ${describeExtension(request)}: publish it with create`,
    );
  checkEtag(describeExtension(request), request.etag, row.etag);
  return row;
}

async function storeVersion(
  transaction: ChangeTransaction,
  request: PublishRequest,
): Promise<{ number: number; isNew: boolean }> {
  const newest = await newestVersion(transaction, request);
  const { digest, runtime } = request.bundle;
  if (newest?.digest === digest && newest.runtime === runtime)
    return { number: newest.number, isNew: false };
  return { number: await insertVersion(transaction, request), isNew: true };
}

/** Does the rest of what was asked for; true where hosts must be told. */
async function apply(
  transaction: ChangeTransaction,
  masterKey: SealingKey,
  published: { request: PublishRequest; row: ExtensionRow; number: number },
): Promise<boolean> {
  const { request, row, number } = published;
  const { container, extension, points = [], meta, secrets } = request;
  let isOther = false;
  if (request.activate)
    isOther = await activateVersion(transaction, request, number);
  for (const point of points) {
    const binding = { container, point, extension };
    isOther = (await bindExtension(transaction, binding)) || isOther;
  }
  if (meta) {
    const merged = { ...metaOf(row), ...meta };
    isOther = (await setMeta(transaction, row, merged)) || isOther;
  }
  if (secrets) {
    const isPut = await putSecrets(transaction, masterKey, row, secrets);
    isOther = isPut || isOther;
  }
  return isOther;
}
