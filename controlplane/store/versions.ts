/** Versions, and which one is active. */
import { AnnexError } from "../../proto/errors.ts";
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import type { Extension } from "../domain/extension.ts";
import {
  pageOf,
  pageRangeOf,
  type Page,
  type PageRequest,
} from "../domain/page.ts";
import type { SourceFile, Version } from "../domain/version.ts";
import { activateVersion, rollBackVersion } from "./activations.ts";
import {
  describeExtension,
  markExtension,
  requireExtension,
  requireExtensionRow,
  type ExtensionName,
} from "./extension-rows.ts";
import { publish, type Published, type PublishRequest } from "./publish.ts";
import type { SealingKey } from "./sealing.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";
import {
  listVersionsBelow,
  requireVersion,
  type VersionName,
} from "./version-rows.ts";

/** The files a version was built from. */
export interface Source {
  files: SourceFile[];
  entry: string;
}

/** What a version runs. */
export interface StoredBundle {
  content: Uint8Array;
  sourceMap: Uint8Array;
}

/** Keeps versions. */
export interface VersionStore {
  /** In one transaction. What the newest version already is makes no new one. */
  publish(request: PublishRequest & ChangeOptions): Promise<Published>;
  activate(
    request: VersionName & EtagOption & ChangeOptions,
  ): Promise<Extension>;
  /** Activates the version that served before the active one; refused with precondition where there is none. */
  rollBack(
    request: ExtensionName & EtagOption & ChangeOptions,
  ): Promise<Extension>;
  get(name: VersionName): Promise<Version>;
  /** Newest first. */
  list(request: ExtensionName & PageRequest): Promise<Page<Version>>;
  readSource(name: VersionName): Promise<Source>;
  /** A bundle by its digest; undefined where no version refers to it any more. */
  readBundle(digest: string): Promise<StoredBundle | undefined>;
}

/** The versions of a database. */
export function versionStore(
  transactions: Transactions,
  masterKey: SealingKey,
): VersionStore {
  return {
    publish: (request) =>
      transactions.change(request, (transaction) =>
        publish(transaction, masterKey, request),
      ),
    activate: (request) =>
      transactions.change(request, (transaction) =>
        activate(transaction, request),
      ),
    rollBack: (request) =>
      transactions.change(request, (transaction) =>
        rollBack(transaction, request),
      ),
    get: (name) =>
      transactions.read((transaction) => requireVersion(transaction, name)),
    list: (request) =>
      transactions.read((transaction) => listVersions(transaction, request)),
    readSource: (name) =>
      transactions.read((transaction) => readSource(transaction, name)),
    readBundle: (digest) =>
      transactions.read((transaction) => readBundle(transaction, digest)),
  };
}

async function activate(
  transaction: ChangeTransaction,
  request: VersionName & EtagOption,
): Promise<Extension> {
  const row = await requireExtensionRow(transaction, request);
  checkEtag(describeExtension(request), request.etag, row.etag);
  await requireVersion(transaction, request);
  if (await activateVersion(transaction, request, request.number))
    await markExtension(transaction, request);
  return await requireExtension(transaction, request);
}

async function rollBack(
  transaction: ChangeTransaction,
  request: ExtensionName & EtagOption,
): Promise<Extension> {
  const row = await requireExtensionRow(transaction, request);
  checkEtag(describeExtension(request), request.etag, row.etag);
  await rollBackVersion(transaction, request);
  await markExtension(transaction, request);
  return await requireExtension(transaction, request);
}

async function listVersions(
  transaction: ReadTransaction,
  request: ExtensionName & PageRequest,
): Promise<Page<Version>> {
  await requireExtensionRow(transaction, request);
  const range = pageRangeOf(request);
  const rows = await listVersionsBelow(transaction, request, {
    below: numberOf(range.after),
    limit: range.size + 1,
  });
  return pageOf(range, rows, ({ number }) => String(number));
}

function numberOf(key: string | undefined): number {
  const number = Number(key ?? Number.MAX_SAFE_INTEGER);
  if (Number.isSafeInteger(number)) return number;
  throw new AnnexError("invalid", "page_token is not one of this list's");
}

async function readSource(
  transaction: ReadTransaction,
  name: VersionName,
): Promise<Source> {
  const { entry } = await requireVersion(transaction, name);
  const files = await transaction.query
    .selectFrom("source_files")
    .innerJoin(
      "source_contents",
      "source_contents.digest",
      "source_files.digest",
    )
    .select(["path", "content"])
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .where("number", "=", name.number)
    .orderBy("path")
    .execute();
  return { files, entry };
}

async function readBundle(
  { query }: ReadTransaction,
  digest: string,
): Promise<StoredBundle | undefined> {
  return await query
    .selectFrom("bundles")
    .select(["content", "source_map as sourceMap"])
    .where("digest", "=", digest)
    .executeTakeFirst();
}
