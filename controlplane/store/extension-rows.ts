/** Extensions inside a transaction: what extensions, versions, bindings and secrets all need. */
import type { Selectable } from "kysely";
import { AnnexError } from "../../proto/errors.ts";
import type { Extension } from "../domain/extension.ts";
import { nameOfResource } from "../domain/history.ts";
import { quote } from "../domain/name.ts";
import type { ExtensionsTable } from "./schema.ts";
import type { ChangeTransaction, ReadTransaction } from "./transactions.ts";

/** Names one extension. */
export interface ExtensionName {
  container: string;
  extension: string;
}

/** An extension as the database has it. */
export type ExtensionRow = Selectable<ExtensionsTable>;

/** The extension as messages name it. */
export function describeExtension(name: ExtensionName): string {
  return `extension ${quote(name.extension)} of container ${quote(name.container)}`;
}

/** The extension's row; throws `not_found`. */
export async function requireExtensionRow(
  transaction: ReadTransaction,
  name: ExtensionName,
): Promise<ExtensionRow> {
  const row = await findExtensionRow(transaction, name);
  if (row) return row;
  throw new AnnexError("not_found", `there is no ${describeExtension(name)}`);
}

/** The extension's row, where there is one. */
export async function findExtensionRow(
  { query }: ReadTransaction,
  name: ExtensionName,
): Promise<ExtensionRow | undefined> {
  return await query
    .selectFrom("extensions")
    .selectAll()
    .where("container", "=", name.container)
    .where("name", "=", name.extension)
    .executeTakeFirst();
}

/** The extension; throws `not_found`. */
export async function requireExtension(
  transaction: ReadTransaction,
  name: ExtensionName,
): Promise<Extension> {
  const row = await requireExtensionRow(transaction, name);
  const [extension] = await extensionsOf(transaction, [row]);
  if (!extension) throw new Error("one row makes one extension");
  return extension;
}

/** Rows of one container as the domain knows them; as many queries for many as for one. */
export async function extensionsOf(
  transaction: ReadTransaction,
  rows: ExtensionRow[],
): Promise<Extension[]> {
  if (rows.length === 0) return [];
  const newest = Map.groupBy(await newestOf(transaction, rows), byExtension);
  const bound = Map.groupBy(await boundOf(transaction, rows), byExtension);
  const secrets = Map.groupBy(await secretsOf(transaction, rows), byExtension);
  return rows.map((row) => ({
    container: row.container,
    name: row.name,
    enabled: row.enabled === 1,
    activeVersion: row.active_version ?? 0,
    newestVersion: newest.get(row.name)?.[0]?.newest ?? 0,
    points: (bound.get(row.name) ?? []).map(({ point }) => point),
    meta: metaOf(row),
    secretNames: (secrets.get(row.name) ?? []).map(({ name }) => name),
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    etag: row.etag,
  }));
}

/** An extension's meta. */
export function metaOf(row: ExtensionRow): Record<string, string> {
  const meta: Record<string, string> = JSON.parse(row.meta); // checked when it was written
  return meta;
}

/** Gives a changed extension its new etag and time. */
export async function touchExtension(
  { query, touch, nowMs }: ChangeTransaction,
  name: ExtensionName,
): Promise<void> {
  const etag = touch(
    nameOfResource({
      kind: "extension",
      container: name.container,
      extension: name.extension,
    }),
  );
  await query
    .updateTable("extensions")
    .set({ updated_at_ms: nowMs, etag })
    .where("container", "=", name.container)
    .where("name", "=", name.extension)
    .execute();
}

/** The same where hosts must be told. */
export async function markExtension(
  transaction: ChangeTransaction,
  { container, extension }: ExtensionName,
): Promise<void> {
  await touchExtension(transaction, { container, extension });
  transaction.mark({ kind: "extension", container, extension });
}

function byExtension({ extension }: { extension: string }): string {
  return extension;
}

async function newestOf({ query }: ReadTransaction, rows: ExtensionRow[]) {
  return await query
    .selectFrom("version_counters")
    .select(["extension", "newest"])
    .where("container", "in", containersOf(rows))
    .where("extension", "in", namesOf(rows))
    .execute();
}

async function boundOf({ query }: ReadTransaction, rows: ExtensionRow[]) {
  return await query
    .selectFrom("bindings")
    .select(["extension", "point"])
    .where("container", "in", containersOf(rows))
    .where("extension", "in", namesOf(rows))
    .orderBy("point")
    .execute();
}

async function secretsOf({ query }: ReadTransaction, rows: ExtensionRow[]) {
  return await query
    .selectFrom("secrets")
    .select(["extension", "name"])
    .where("container", "in", containersOf(rows))
    .where("extension", "in", namesOf(rows))
    .orderBy("name")
    .execute();
}

function containersOf(rows: ExtensionRow[]): string[] {
  return [...new Set(rows.map((row) => row.container))];
}

function namesOf(rows: ExtensionRow[]): string[] {
  return rows.map((row) => row.name);
}
