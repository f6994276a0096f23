/** Extensions; their versions are in versions.ts. */
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import {
  checkMeta,
  type Extension,
  type ExtensionState,
} from "../domain/extension.ts";
import {
  pageOf,
  pageRangeOf,
  type Page,
  type PageRequest,
} from "../domain/page.ts";
import { requireContainer } from "./container-rows.ts";
import {
  describeExtension,
  extensionsOf,
  findExtensionRow,
  markExtension,
  metaOf,
  requireExtension,
  requireExtensionRow,
  type ExtensionName,
  type ExtensionRow,
} from "./extension-rows.ts";
import type { SealingKey } from "./sealing.ts";
import { readSecrets } from "./secrets.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** What is to be other about an extension. */
export interface ExtensionUpdate extends ExtensionName, EtagOption {
  enabled?: boolean | undefined;
  /** Takes the place of all of its meta. */
  meta?: Record<string, string> | undefined;
}

/** Keeps extensions. */
export interface ExtensionStore {
  get(name: ExtensionName): Promise<Extension>;
  list(request: { container: string } & PageRequest): Promise<Page<Extension>>;
  /** Sets what is given. */
  update(request: ExtensionUpdate & ChangeOptions): Promise<Extension>;
  /** Deletes it with its versions, secrets and bindings. */
  delete(request: ExtensionName & EtagOption & ChangeOptions): Promise<void>;
  /** Lets hosts run again what they have in quarantine. */
  releaseQuarantine(request: ExtensionName & ChangeOptions): Promise<Extension>;
  /** What hosts need to serve it; undefined where it is no more or no version was activated. */
  readState(name: ExtensionName): Promise<ExtensionState | undefined>;
}

/** The extensions of a database. */
export function extensionStore(
  transactions: Transactions,
  masterKey: SealingKey,
): ExtensionStore {
  return {
    get: (name) =>
      transactions.read((transaction) => requireExtension(transaction, name)),
    list: (request) =>
      transactions.read((transaction) => listExtensions(transaction, request)),
    update: (request) =>
      transactions.change(request, (transaction) =>
        updateExtension(transaction, request),
      ),
    delete: (request) =>
      transactions.change(request, (transaction) =>
        deleteExtension(transaction, request),
      ),
    releaseQuarantine: (request) =>
      transactions.change(request, (transaction) =>
        releaseQuarantine(transaction, request),
      ),
    readState: (name) =>
      transactions.read((transaction) =>
        readState(transaction, masterKey, name),
      ),
  };
}

/** Writes an extension's meta; false where it is the same. The caller marks the extension. */
export async function setMeta(
  { query }: ChangeTransaction,
  row: ExtensionRow,
  meta: Record<string, string>,
): Promise<boolean> {
  checkMeta(meta);
  const text = JSON.stringify(meta);
  if (text === row.meta) return false;
  await query
    .updateTable("extensions")
    .set({ meta: text })
    .where("container", "=", row.container)
    .where("name", "=", row.name)
    .execute();
  return true;
}

async function listExtensions(
  transaction: ReadTransaction,
  request: { container: string } & PageRequest,
): Promise<Page<Extension>> {
  const { container } = request;
  await requireContainer(transaction, container);
  const range = pageRangeOf(request);
  const rows = await transaction.query
    .selectFrom("extensions")
    .selectAll()
    .where("container", "=", container)
    .where("name", ">", range.after ?? "")
    .orderBy("name")
    .limit(range.size + 1)
    .execute();
  const page = pageOf(range, rows, ({ name }) => name);
  const items = await extensionsOf(transaction, page.items);
  return { ...page, items };
}

async function updateExtension(
  transaction: ChangeTransaction,
  request: ExtensionUpdate,
): Promise<Extension> {
  const row = await requireExtensionRow(transaction, request);
  checkEtag(describeExtension(request), request.etag, row.etag);
  const { enabled = row.enabled === 1, meta = metaOf(row) } = request;
  const isSwitched = await setEnabled(transaction, row, enabled);
  const hasOtherMeta = await setMeta(transaction, row, meta);
  if (isSwitched || hasOtherMeta) await markExtension(transaction, request);
  return await requireExtension(transaction, request);
}

async function setEnabled(
  { query }: ChangeTransaction,
  row: ExtensionRow,
  enabled: boolean,
): Promise<boolean> {
  if (enabled === (row.enabled === 1)) return false;
  await query
    .updateTable("extensions")
    .set({ enabled: Number(enabled) })
    .where("container", "=", row.container)
    .where("name", "=", row.name)
    .execute();
  return true;
}

async function deleteExtension(
  transaction: ChangeTransaction,
  request: ExtensionName & EtagOption,
): Promise<void> {
  const { container, extension } = request;
  const row = await requireExtensionRow(transaction, request);
  checkEtag(describeExtension(request), request.etag, row.etag);
  await transaction.query
    .deleteFrom("extensions")
    .where("container", "=", container)
    .where("name", "=", extension)
    .execute();
  transaction.markRemoved({ kind: "extension", container, extension });
}

async function releaseQuarantine(
  transaction: ChangeTransaction,
  name: ExtensionName,
): Promise<Extension> {
  const row = await requireExtensionRow(transaction, name);
  await transaction.query
    .updateTable("extensions")
    .set({ quarantine_releases: row.quarantine_releases + 1 })
    .where("container", "=", row.container)
    .where("name", "=", row.name)
    .execute();
  await markExtension(transaction, name);
  return await requireExtension(transaction, name);
}

async function readState(
  transaction: ReadTransaction,
  masterKey: SealingKey,
  name: ExtensionName,
): Promise<ExtensionState | undefined> {
  const row = await findExtensionRow(transaction, name);
  if (!row || row.active_version === null) return undefined;
  const version = await transaction.query
    .selectFrom("versions")
    .select(["number", "digest", "runtime"])
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .where("number", "=", row.active_version)
    .executeTakeFirstOrThrow();
  const { enabled, points, meta } = await requireExtension(transaction, name);
  const secrets = await readSecrets(transaction, masterKey, row);
  const { container, extension } = name;
  return {
    container,
    extension,
    enabled,
    version,
    points,
    secrets,
    meta,
    quarantineReleases: row.quarantine_releases,
  };
}
