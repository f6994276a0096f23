/** How the kernel's file trees are read and changed; a test lays out its own. */
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { mkdir, rmdir, writeFile } from "node:fs/promises";

/** Everything done to /proc and to control groups. All but `procFolder` throw what `node:fs` throws. */
export interface TreeFiles {
  /** Where the kernel tells of processes and mounts. */
  readonly procFolder: string;
  list(folder: string): string[];
  read(file: string): string;
  write(file: string, text: string): void;
  /** For what may take the kernel long. */
  writeLater(file: string, text: string): Promise<void>;
  makeFolder(folder: string): void;
  makeFolderLater(folder: string): Promise<void>;
  removeFolder(folder: string): Promise<void>;
  removeFolderNow(folder: string): void;
}

/** The machine's own trees. */
export const kernelFiles: TreeFiles = {
  procFolder: "/proc",
  list: (folder) => readdirSync(folder),
  read: (file) => readFileSync(file, "latin1"),
  write: (file, text) => writeFileSync(file, text),
  writeLater: (file, text) => writeFile(file, text),
  makeFolder: (folder) => mkdirSync(folder),
  makeFolderLater: (folder) => mkdir(folder),
  removeFolder: (folder) => rmdir(folder),
  removeFolderNow: (folder) => rmdirSync(folder),
};

/** What the file says, or undefined where it cannot be read. */
export function readIfAny(files: TreeFiles, file: string): string | undefined {
  try {
    return files.read(file);
  } catch {
    return undefined;
  }
}

/** The code of a failed system call, e.g. "EBUSY". */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && "code" in error
    ? String(error.code)
    : undefined;
}
