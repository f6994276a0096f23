/**
 * One control plane per folder. The lock is SQLite's own on a file beside the database: the kernel lets it go with the
 * process, however that ends, so there is no stale lock and no pid to compare.
 */
import SqliteFile, { SqliteError } from "better-sqlite3";
import { dirname, join } from "node:path";
import { AnnexError } from "../../proto/errors.ts";
import { ensurePrivateFile } from "./files.ts";

/** A folder that is ours until released. */
export interface FolderLock {
  /** May be called twice. */
  release(): void;
}

/** Takes the folder of a database; throws `precondition` while another process has it. */
export function lockFolderOf(databaseFile: string): FolderLock {
  const folder = dirname(databaseFile);
  const file = join(folder, "controlplane.lock");
  ensurePrivateFile(file);
  const sqlite = new SqliteFile(file, { timeout: 0 });
  try {
    sqlite.exec("begin exclusive");
  } catch (error) {
    sqlite.close();
    throw isBusy(error) ? inUse(folder) : error;
  }
  return { release: () => void sqlite.close() };
}

function isBusy(error: unknown): boolean {
  return error instanceof SqliteError && error.code.startsWith("SQLITE_BUSY");
}

function inUse(folder: string): AnnexError {
  return new AnnexError(
    "precondition",
    `another control plane is using ${folder}: stop it, or choose another folder with ANNEX_HOME`,
  );
}
