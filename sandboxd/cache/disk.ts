/** Files that are whole or not there: written aside, fsynced, renamed into place, and the folder fsynced. */
import * as nodeFiles from "node:fs/promises";
import { dirname, join } from "node:path";

/** What of the file system this uses; a test hands in one that fails. */
export interface Files extends Pick<
  typeof nodeFiles,
  "chmod" | "mkdir" | "readFile" | "rename" | "rm" | "stat" | "utimes"
> {
  open(path: string, flags: string, mode?: number): Promise<OpenFile>;
  readdir(path: string): Promise<string[]>;
}

/** An open file, as far as it is used. */
export interface OpenFile {
  writeFile(data: Uint8Array): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

const temporary = "tmp";

/** A folder of such files. Secrets lie in them, so that nobody but this user may look. */
export class Disk {
  readonly #folder: string;
  readonly #files: Files;
  readonly #flushes = new Map<string, Flushes>();
  #writes = 0;

  private constructor(folder: string, files: Files) {
    this.#folder = folder;
    this.#files = files;
  }

  /** Opens or creates the folder with these folders in it, and removes what an interrupted write has left. */
  static async open(
    folder: string,
    subfolders: readonly string[],
    files: Files = nodeFiles,
  ): Promise<Disk> {
    const aside = join(folder, temporary);
    await files.rm(aside, { recursive: true, force: true });
    for (const path of [
      folder,
      aside,
      ...subfolders.map((name) => join(folder, name)),
    ]) {
      await files.mkdir(path, { recursive: true, mode: 0o700 });
      await files.chmod(path, 0o700);
    }
    const disk = new Disk(folder, files);
    await disk.#flushFolder(folder);
    return disk;
  }

  /** Writes a file of these parts. Resolved: it is there after any crash. Rejected: it or the one before it is there, whole. */
  async write(name: string, parts: readonly Uint8Array[]): Promise<void> {
    const path = join(this.#folder, name);
    const aside = join(this.#folder, temporary, String(this.#writes++));
    try {
      await this.#writeAside(aside, parts);
      await this.#files.rename(aside, path);
    } catch (error) {
      await this.#files.rm(aside, { force: true }).catch(() => undefined); // else removed at the next start
      throw error;
    }
    await this.#flushFolder(dirname(path));
  }

  /** The file's content; undefined where there is none. */
  async read(name: string): Promise<Buffer | undefined> {
    try {
      return await this.#files.readFile(join(this.#folder, name));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Removes a file, if there is one, for good. */
  async remove(name: string): Promise<void> {
    const path = join(this.#folder, name);
    await this.#files.rm(path, { force: true });
    await this.#flushFolder(dirname(path));
  }

  /** Marks a file as used now. */
  async touch(name: string, time: Date): Promise<void> {
    await this.#files.utimes(join(this.#folder, name), time, time);
  }

  /** A file's length, and when it was written or touched. */
  async stat(name: string): Promise<{ bytes: number; usedMs: number }> {
    const { size, mtimeMs } = await this.#files.stat(join(this.#folder, name));
    return { bytes: size, usedMs: mtimeMs };
  }

  /** The names in a folder. */
  list(subfolder: string): Promise<string[]> {
    return this.#files.readdir(join(this.#folder, subfolder));
  }

  async #writeAside(path: string, parts: readonly Uint8Array[]): Promise<void> {
    const file = await this.#files.open(path, "wx", 0o600);
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** One fsync serves every change made to the folder before it began, so that many writers cost little more than one. */
  #flushFolder(path: string): Promise<void> {
    let flushes = this.#flushes.get(path);
    if (!flushes)
      this.#flushes.set(
        path,
        (flushes = new Flushes(() => this.#syncFolder(path))),
      );
    return flushes.flush();
  }

  async #syncFolder(path: string): Promise<void> {
    const folder = await this.#files.open(path, "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

/** Runs a flush at most once at a time; who comes while one runs shares the next. */
class Flushes {
  readonly #run: () => Promise<void>;
  #running: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(run: () => Promise<void>) {
    this.#run = run;
  }

  flush(): Promise<void> {
    this.#next ??= this.#running
      .catch(() => undefined) // its own callers have it
      .then(() => {
        this.#next = undefined;
        return (this.#running = this.#run());
      });
    return this.#next;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
