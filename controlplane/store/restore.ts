/** Restoring a backup, which begins a new history: what happened after the backup was taken did not happen in it. */
import SqliteFile, { type Database } from "better-sqlite3";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync } from "node:fs";
import { AnnexError } from "../../proto/errors.ts";
import { appliedMigrations, refuseNewerDatabase } from "./db.ts";
import {
  ensurePrivateFile,
  moveIntoPlace,
  partialNameOf,
  removeFiles,
} from "./files.ts";
import { lockFolderOf } from "./lock.ts";

/** What to restore, and to where. */
export interface RestoreOptions {
  backupFile: string;
  databaseFile: string;
  /** Take the place of a database that exists. */
  replace?: boolean | undefined;
}

/** What a restore came to. */
export interface Restored {
  historyId: string;
  parentHistoryId: string;
  /** The new history goes on from here. */
  revision: number;
  /** The master key that the database needs. */
  masterKeyId: string;
}

/** Restores a backup; until it has succeeded, what was there is untouched. Refused while a control plane runs there. */
export function restoreInto(options: RestoreOptions): Restored {
  const { backupFile, databaseFile } = options;
  if (!existsSync(backupFile))
    throw new AnnexError("not_found", `there is no backup ${backupFile}`);
  const lock = lockFolderOf(databaseFile);
  try {
    refuseExisting(options);
    return replaceDatabase(backupFile, databaseFile);
  } finally {
    lock.release();
  }
}

function refuseExisting({ databaseFile, replace }: RestoreOptions): void {
  if (replace || !existsSync(databaseFile)) return;
  throw new AnnexError(
    "precondition",
    `${databaseFile} exists: restore with --replace to lose what it holds, or choose another folder`,
  );
}

function replaceDatabase(backupFile: string, databaseFile: string): Restored {
  const partial = partialNameOf(databaseFile);
  try {
    removeDatabase(partial);
    ensurePrivateFile(partial);
    copyFileSync(backupFile, partial);
    const restored = withDatabase(partial, (copy) => {
      checkBackup(copy, backupFile);
      return beginHistory(copy);
    });
    finishOldDatabase(databaseFile);
    moveIntoPlace(partial, databaseFile);
    return restored;
  } finally {
    removeDatabase(partial);
  }
}

function checkBackup(copy: Database, backupFile: string): void {
  const isWhole = isIntact(copy) && appliedMigrations(copy).length > 0;
  if (!isWhole)
    throw new AnnexError(
      "invalid",
      `${backupFile} is damaged or no backup of a control plane: nothing was changed`,
    );
  refuseNewerDatabase(copy, backupFile);
}

function isIntact(copy: Database): boolean {
  try {
    return copy.pragma("integrity_check", { simple: true }) === "ok";
  } catch {
    // SQLite throws at what does not even begin like a database.
    return false;
  }
}

/** In the copy, before it gets its name: the new history is there from the database's first moment. */
function beginHistory(copy: Database): Restored {
  copy.pragma("synchronous = full");
  copy.pragma("journal_mode = delete");
  const restored = copy
    .prepare<[string], Restored>(
      `update history set parent_history_id = history_id, history_id = ?
       returning history_id as historyId, parent_history_id as parentHistoryId,
         revision, master_key_id as masterKeyId`,
    )
    .get(randomUUID());
  if (!restored) throw new Error("a backup without a history");
  return restored;
}

/**
 * Folds the old database's -wal file into it and removes it: left beside the new database, SQLite would take it for that
 * one's; removed unread, it would leave the old database damaged if we die before the rename.
 */
function finishOldDatabase(databaseFile: string): void {
  if (existsSync(databaseFile)) {
    try {
      withDatabase(databaseFile, (old) => old.pragma("journal_mode = delete"));
    } catch {
      // Too damaged to be opened, which may be why it is being replaced.
    }
  }
  removeSideFiles(databaseFile);
}

function withDatabase<Value>(
  file: string,
  work: (database: Database) => Value,
): Value {
  const database = new SqliteFile(file, { fileMustExist: true });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function removeDatabase(file: string): void {
  removeFiles([file]);
  removeSideFiles(file);
}

function removeSideFiles(file: string): void {
  removeFiles(["-wal", "-shm", "-journal"].map((ending) => file + ending));
}
