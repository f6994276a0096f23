/** Bundles built from code that came with a request, by the SHA-256 of that code; the least recently used go. */
import { LRUCache } from "lru-cache";
import { bundleOf, contentOf } from "./bundle-file.ts";
import type { InlineBundle } from "./catalog.ts";
import type { Disk } from "./disk.ts";
import { seal, unseal } from "./sealed.ts";

const maxBuilds = 1_000;
const maxBytes = 1024 * 1024 * 1024;

/** The folder of the disk they lie in. */
export const inlineFolder = "inline";

/** The inline builds on one disk. They can be built again, so that a damaged one is merely forgotten. */
export class InlineBuilds {
  readonly #disk: Disk;
  readonly #now: () => number;
  readonly #removals = new Map<string, Promise<void>>();
  /** Source digests and the bytes of their files, in order of use. */
  readonly #used: LRUCache<string, number>;

  private constructor(disk: Disk, now: () => number, limit: number) {
    this.#disk = disk;
    this.#now = now;
    this.#used = new LRUCache<string, number>({
      max: limit,
      maxSize: maxBytes,
      sizeCalculation: (bytes) => Math.max(bytes, 1),
      dispose: (_bytes, source, reason) => {
        if (reason !== "set") this.#remove(source);
      },
    });
  }

  /** Finds what is there. */
  static async open(
    disk: Disk,
    now: () => number,
    limit = maxBuilds,
  ): Promise<InlineBuilds> {
    const builds = new InlineBuilds(disk, now, limit);
    const names = await disk.list(inlineFolder);
    const found = await Promise.all(
      names.map(async (name) => ({ name, ...(await disk.stat(fileOf(name))) })),
    );
    for (const { name, bytes } of found.toSorted((a, b) => a.usedMs - b.usedMs))
      builds.#used.set(name, bytes);
    return builds;
  }

  /** The build of a source; undefined where there is none, or it is damaged. */
  async read(source: string): Promise<InlineBundle | undefined> {
    if (this.#used.get(source) === undefined) return undefined;
    const file = await this.#disk.read(fileOf(source));
    const content = file && (await unseal(file));
    if (!content) {
      this.#used.delete(source);
      return undefined;
    }
    await this.#disk
      .touch(fileOf(source), new Date(this.#now()))
      .catch(() => undefined); // only its place in the order is at stake
    return bundleOf(content);
  }

  /** Keeps a build. */
  async put(
    source: string,
    build: { runtime: string; bundle: Buffer; sourceMap: Buffer },
  ): Promise<void> {
    await this.#removals.get(source);
    const { runtime, bundle, sourceMap } = build;
    const parts = await seal(
      contentOf({ bundleBytes: bundle.length, runtime }, bundle, sourceMap),
    );
    await this.#disk.write(fileOf(source), parts);
    const bytes = parts.reduce((sum, part) => sum + part.length, 0);
    this.#used.set(source, bytes);
  }

  #remove(source: string): void {
    const removal = this.#disk
      .remove(fileOf(source))
      .catch(() => undefined) // found again, and counted again, at the next start
      .finally(() => this.#removals.delete(source));
    this.#removals.set(source, removal);
  }
}

function fileOf(source: string): string {
  return `${inlineFolder}/${source}`;
}
