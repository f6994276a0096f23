/** Versions inside a transaction. */
import { hash } from "node:crypto";
import { AnnexError } from "../../proto/errors.ts";
import type { Bundle, SourceFile, Version } from "../domain/version.ts";
import { describeExtension, type ExtensionName } from "./extension-rows.ts";
import type { ChangeTransaction, ReadTransaction } from "./transactions.ts";

/** So many rows go into one statement, which SQLite gives a limited number of parameters. */
const rowsPerStatement = 1000;

/** Names one version. */
export interface VersionName extends ExtensionName {
  number: number;
}

/** What a new version consists of. */
export interface NewVersion extends ExtensionName {
  files: SourceFile[];
  entry: string;
  bundle: Bundle;
}

/** The version; throws `not_found`. */
export async function requireVersion(
  transaction: ReadTransaction,
  name: VersionName,
): Promise<Version> {
  const row = await selectVersions(transaction, name)
    .where("versions.number", "=", name.number)
    .executeTakeFirst();
  if (row) return versionOf(row);
  throw new AnnexError(
    "not_found",
    `${describeExtension(name)} has no version ${name.number}`,
  );
}

/** The newest version, where there is one. */
export async function newestVersion(
  transaction: ReadTransaction,
  name: ExtensionName,
): Promise<Version | undefined> {
  const [newest] = await listVersionsBelow(transaction, name, {
    below: Number.MAX_SAFE_INTEGER,
    limit: 1,
  });
  return newest;
}

/** Versions with lower numbers, newest first. */
export async function listVersionsBelow(
  transaction: ReadTransaction,
  name: ExtensionName,
  { below, limit }: { below: number; limit: number },
): Promise<Version[]> {
  const rows = await selectVersions(transaction, name)
    .where("versions.number", "<", below)
    .orderBy("versions.number", "desc")
    .limit(limit)
    .execute();
  return rows.map(versionOf);
}

/** Stores a version under the next number, which it returns. */
export async function insertVersion(
  transaction: ChangeTransaction,
  version: NewVersion,
): Promise<number> {
  const { container, extension, entry, bundle } = version;
  const number = await nextNumber(transaction, version);
  await insertBundle(transaction, bundle);
  await transaction.query
    .insertInto("versions")
    .values({
      container,
      extension,
      number,
      digest: bundle.digest,
      runtime: bundle.runtime,
      entry,
      created_at_ms: transaction.nowMs,
    })
    .execute();
  await insertSource(transaction, { container, extension, number }, version);
  return number;
}

function selectVersions({ query }: ReadTransaction, name: ExtensionName) {
  return query
    .selectFrom("versions")
    .innerJoin("bundles", "bundles.digest", "versions.digest")
    .innerJoin("extensions", (join) =>
      join
        .onRef("extensions.container", "=", "versions.container")
        .onRef("extensions.name", "=", "versions.extension"),
    )
    .select((select) => [
      "versions.container",
      "versions.extension",
      "versions.number",
      "versions.digest",
      "versions.runtime",
      "versions.entry",
      "versions.created_at_ms",
      "extensions.active_version",
      select.fn<number>("length", ["bundles.content"]).as("bundle_bytes"),
    ])
    .where("versions.container", "=", name.container)
    .where("versions.extension", "=", name.extension);
}

interface VersionRow {
  container: string;
  extension: string;
  number: number;
  digest: string;
  runtime: string;
  entry: string;
  created_at_ms: number;
  active_version: number | null;
  bundle_bytes: number;
}

function versionOf(row: VersionRow): Version {
  return {
    container: row.container,
    extension: row.extension,
    number: row.number,
    digest: row.digest,
    runtime: row.runtime,
    bundleBytes: row.bundle_bytes,
    entry: row.entry,
    createdAtMs: row.created_at_ms,
    active: row.number === row.active_version,
  };
}

async function nextNumber(
  { query }: ChangeTransaction,
  { container, extension }: ExtensionName,
): Promise<number> {
  const { newest } = await query
    .insertInto("version_counters")
    .values({ container, extension, newest: 1 })
    .onConflict((conflict) =>
      conflict.columns(["container", "extension"]).doUpdateSet((update) => ({
        newest: update("version_counters.newest", "+", 1),
      })),
    )
    .returning("newest")
    .executeTakeFirstOrThrow();
  return newest;
}

async function insertBundle(
  { query }: ChangeTransaction,
  { digest, content, sourceMap }: Bundle,
): Promise<void> {
  await query
    .insertInto("bundles")
    .values({ digest, content, source_map: sourceMap })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

async function insertSource(
  { query }: ChangeTransaction,
  name: VersionName,
  { files }: NewVersion,
): Promise<void> {
  const digested = files.map(({ path, content }) => {
    return { path, content, digest: hash("sha256", content, "hex") };
  });
  for (const some of chunksOf(digested)) {
    await query
      .insertInto("source_contents")
      .values(some.map(({ digest, content }) => ({ digest, content })))
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    await query
      .insertInto("source_files")
      .values(some.map(({ path, digest }) => ({ ...name, path, digest })))
      .execute();
  }
}

function chunksOf<Item>(items: Item[]): Item[][] {
  const count = Math.ceil(items.length / rowsPerStatement);
  return Array.from({ length: count }, (_, index) =>
    items.slice(index * rowsPerStatement, (index + 1) * rowsPerStatement),
  );
}
