/** SQLite: opening it, its settings, its migrations. */
import SqliteFile, { type Database } from "better-sqlite3";
import { Kysely } from "kysely";
import { DEFAULT_MIGRATION_TABLE, Migrator } from "kysely/migration";
import { AnnexError } from "../../proto/errors.ts";
import { SqliteStoreDialect } from "./dialect.ts";
import { ensurePrivateFile } from "./files.ts";
import * as init from "./migrations/0001-init.ts";
import * as walls from "./migrations/0002-walls.ts";
import type { Schema } from "./schema.ts";

/** How long a statement waits for another process's lock, e.g. a backup that begins. */
const busyTimeoutMs = 5000;

/** Every migration by its number, in order. */
const migrations = { "0001-init": init, "0002-walls": walls };

/** Opens the database, creating and migrating it as needed. */
export async function openDatabase(file: string): Promise<Kysely<Schema>> {
  const db = openUnmigrated(file);
  try {
    await migrate(db);
    return db;
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/** Opens it beside the process that owns it, and migrates nothing: that one may be of an older release. */
export function openUnmigrated(file: string): Kysely<Schema> {
  ensurePrivateFile(file);
  return new Kysely<Schema>({
    dialect: new SqliteStoreDialect(openFile(file)),
  });
}

/** Throws `precondition` where a newer release has been at the database. */
export function refuseNewerDatabase(sqlite: Database, file: string): void {
  const unknown = appliedMigrations(sqlite).find(
    (name) => !(name in migrations),
  );
  if (unknown === undefined) return;
  throw new AnnexError(
    "precondition",
    `${file} was written by a newer release, which knows migration ${unknown}: use that release, or a backup made before it`,
  );
}

/** The migrations a database has seen; none where it is new or not ours. */
export function appliedMigrations(sqlite: Database): string[] {
  const isOurs = sqlite
    .prepare("select 1 from sqlite_master where name = ?")
    .get(DEFAULT_MIGRATION_TABLE);
  if (isOurs === undefined) return [];
  return sqlite
    .prepare<[], { name: string }>(
      `select name from ${DEFAULT_MIGRATION_TABLE}`,
    )
    .all()
    .map((row) => row.name);
}

function openFile(file: string): Database {
  const sqlite = new SqliteFile(file, { timeout: busyTimeoutMs });
  try {
    sqlite.pragma("journal_mode = wal");
    sqlite.pragma("synchronous = full");
    // macOS needs it for synchronous to mean that the disk has it; elsewhere it changes nothing.
    sqlite.pragma("fullfsync = on");
    sqlite.pragma("foreign_keys = on");
    refuseNewerDatabase(sqlite, file);
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw openingFailed(file, error);
  }
}

function openingFailed(file: string, error: unknown): AnnexError {
  if (error instanceof AnnexError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new AnnexError(
    "precondition",
    `${file} is not a database that can be used (${reason}): restore a backup, or choose another folder`,
    { cause: error },
  );
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  if (error !== undefined) throw error;
}
