/** A file system that works until it is told to fail. */
import * as nodeFiles from "node:fs/promises";
import type { Files, OpenFile } from "../../../../sandboxd/cache/disk.ts";

/** What changes the disk, in the order of a write: each is a point at which power may go. */
type Step = "open" | "writeFile" | "sync" | "rename" | "rm" | "utimes";

export class FaultyFiles {
  /** Every step that changed the disk, or tried to. */
  readonly steps: Step[] = [];
  /** The steps allowed from now on; after them each fails with this code. */
  #left = Infinity;
  #code = "ENOSPC";

  /** The file system to hand in. */
  readonly files: Files = {
    ...nodeFiles,
    open: async (path, flags, mode) => {
      if (flags !== "r") this.#step("open");
      const handle = await nodeFiles.open(path, flags, mode);
      return this.#watch(handle);
    },
    rename: async (from, to) => {
      this.#step("rename");
      await nodeFiles.rename(from, to);
    },
    rm: async (path, options) => {
      this.#step("rm");
      await nodeFiles.rm(path, options);
    },
    utimes: async (path, atime, mtime) => {
      this.#step("utimes");
      await nodeFiles.utimes(path, atime, mtime);
    },
  };

  failAfter(steps: number, code = "ENOSPC"): void {
    this.#left = steps;
    this.#code = code;
  }

  heal(): void {
    this.#left = Infinity;
  }

  #step(step: Step): void {
    this.steps.push(step);
    if (this.#left > 0) this.#left -= 1;
    else
      throw Object.assign(new Error(`${this.#code}: ${step}`), {
        code: this.#code,
      });
  }

  /** A write that fails leaves half of itself behind, as a full disk does. */
  #watch(handle: OpenFile): OpenFile {
    return {
      writeFile: async (data) => {
        try {
          this.#step("writeFile");
        } catch (error) {
          await handle.writeFile(data.subarray(0, data.length / 2));
          throw error;
        }
        await handle.writeFile(data);
      },
      sync: async () => {
        this.#step("sync");
        await handle.sync();
      },
      close: () => handle.close(),
    };
  }
}
