/**
 * Backups: one file that SQLite's online backup writes while the control plane goes on. It holds everything but the master
 * key, without which the secrets and signing keys in it stay sealed: keep that file too, and elsewhere.
 */
import SqliteFile from "better-sqlite3";
import { existsSync, rmSync } from "node:fs";
import { AnnexError } from "../../proto/errors.ts";
import { appliedMigrations } from "./db.ts";
import { ensurePrivateFile, moveIntoPlace, partialNameOf } from "./files.ts";

/** More pages than any database has: the copy is one snapshot, and never starts anew because somebody wrote. */
const allPages = 0x7fffffff;

/** What to back up, and to where. */
export interface BackupOptions {
  databaseFile: string;
  /** Must not exist. */
  backupFile: string;
}

/** Writes a backup, whichever process has the database open. It is there whole, or not at all. */
export async function backupDatabase(options: BackupOptions): Promise<void> {
  const { databaseFile, backupFile } = options;
  if (existsSync(backupFile))
    throw new AnnexError(
      "already_exists",
      `${backupFile} already exists: name another file, or remove it first`,
    );
  if (!existsSync(databaseFile))
    throw new AnnexError(
      "not_found",
      `there is no database ${databaseFile}: nothing to back up`,
    );
  const partial = partialNameOf(backupFile);
  rmSync(partial, { force: true });
  ensurePrivateFile(partial);
  try {
    await copyOnline(databaseFile, partial);
    makeSelfContained(partial);
    moveIntoPlace(partial, backupFile);
  } finally {
    rmSync(partial, { force: true });
  }
}

// A connection of its own: the store's may be amid a transaction, and would copy what is not committed.
async function copyOnline(databaseFile: string, to: string): Promise<void> {
  const source = new SqliteFile(databaseFile, { fileMustExist: true });
  try {
    if (appliedMigrations(source).length === 0)
      throw new AnnexError(
        "precondition",
        `${databaseFile} is not a control plane's database`,
      );
    await source.backup(to, { progress: () => allPages });
  } finally {
    source.close();
  }
}

/** Takes the copy out of WAL mode, so that it is one file wherever it is read. */
function makeSelfContained(file: string): void {
  const copy = new SqliteFile(file);
  try {
    copy.pragma("journal_mode = delete");
  } finally {
    copy.close();
  }
}
