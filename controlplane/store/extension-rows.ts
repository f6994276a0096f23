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
  return {
    container: row.container,
    name: row.name,
    enabled: row.enabled === 1,
    activeVersion: row.active_version ?? 0,
    newestVersion: await newestVersionOf(transaction, name),
    points: await pointsOf(transaction, name),
    meta: metaOf(row),
    secretNames: await secretNamesOf(transaction, name),
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    etag: row.etag,
  };
}

/** The points an extension is bound at. */
export async function pointsOf(
  { query }: ReadTransaction,
  name: ExtensionName,
): Promise<string[]> {
  const rows = await query
    .selectFrom("bindings")
    .select("point")
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .orderBy("point")
    .execute();
  return rows.map((row) => row.point);
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

async function newestVersionOf(
  { query }: ReadTransaction,
  name: ExtensionName,
): Promise<number> {
  const { newest } = await query
    .selectFrom("version_counters")
    .select("newest")
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .executeTakeFirstOrThrow();
  return newest;
}

async function secretNamesOf(
  { query }: ReadTransaction,
  name: ExtensionName,
): Promise<string[]> {
  const rows = await query
    .selectFrom("secrets")
    .select("name")
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .orderBy("name")
    .execute();
  return rows.map((row) => row.name);
}
