/** Files that are whole or not there, also after loss of power. */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** For the owner's eyes only. */
const privateFileMode = 0o600;
const privateFolderMode = 0o700;

/** Writes a new private file in one step: nobody ever sees half of it. */
export function writePrivateFile(file: string, content: string): void {
  const partial = partialNameOf(file);
  rmSync(partial, { force: true });
  writeFileSync(partial, content, { mode: privateFileMode });
  moveIntoPlace(partial, file);
}

/** Where a file grows before it is moved into place; in the same folder, because a rename cannot leave a file system. */
export function partialNameOf(file: string): string {
  return `${file}.partial`;
}

/** Gives a finished file its name; after it the file survives loss of power. */
export function moveIntoPlace(partial: string, file: string): void {
  chmodSync(partial, privateFileMode);
  sync(partial);
  renameSync(partial, file);
  sync(dirname(file));
}

/** Removes files for good: after it they do not come back with the power. */
export function removeFiles(files: string[]): void {
  const present = files.filter((file) => existsSync(file));
  for (const file of present) rmSync(file, { force: true });
  for (const folder of new Set(present.map((file) => dirname(file))))
    sync(folder);
}

/**
 * Makes an empty private file where there is none; SQLite gives its -wal and -shm files the mode of the database. A file
 * that exists is not opened: closing it again would drop the locks that SQLite holds on it in this process.
 */
export function ensurePrivateFile(file: string): void {
  ensurePrivateFolder(dirname(file));
  if (existsSync(file)) return chmodSync(file, privateFileMode);
  closeSync(openSync(file, "ax", privateFileMode));
  sync(dirname(file));
}

/** Makes a private folder, and those above it, where there is none. */
export function ensurePrivateFolder(folder: string): void {
  const first = mkdirSync(folder, { recursive: true, mode: privateFolderMode });
  if (first !== undefined) sync(dirname(first));
}

function sync(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
