/** Bundles by digest: on disk, checked whenever they are read, the last used ones in memory. */
import { LRUCache } from "lru-cache";
import { AnnexError } from "../../proto/errors.ts";
import type { Bundle } from "./catalog.ts";
import type { Disk } from "./disk.ts";
import { bundleOf, contentOf } from "./bundle-file.ts";
import { seal, sha256, unseal } from "./sealed.ts";

const memoryBytes = 64 * 1024 * 1024;

/** The folder of the disk they lie in. */
export const bundlesFolder = "bundles";

/** The bundles on one disk. Whoever needs one to stay says so with `retain` or by referring to it at `collect`. */
export class Bundles {
  readonly #disk: Disk;
  readonly #held: Set<string>;
  /** Told of each bundle that turns out to be damaged or gone; it is then no longer held. */
  onDamage: (digest: string) => void = () => undefined;
  readonly #retained = new Map<string, number>();
  readonly #removals = new Map<string, Promise<void>>();
  readonly #memory = new LRUCache<string, Bundle>({
    maxSize: memoryBytes,
    sizeCalculation: (bundle) => bundle.content.length + 1,
    fetchMethod: (digest) => this.#load(digest),
  });

  private constructor(disk: Disk, held: Set<string>) {
    this.#disk = disk;
    this.#held = held;
  }

  /** Finds what is there. */
  static async open(disk: Disk): Promise<Bundles> {
    return new Bundles(disk, new Set(await disk.list(bundlesFolder)));
  }

  has(digest: string): boolean {
    return this.#held.has(digest);
  }

  /** Stores a bundle that is what its digest says. */
  async put(digest: string, bundle: Buffer, sourceMap: Buffer): Promise<void> {
    if ((await sha256([bundle])) !== digest)
      throw new AnnexError("invalid", `bundle is not of digest ${digest}`);
    await this.#removals.get(digest);
    if (this.#held.has(digest)) return;
    const parts = await seal(
      contentOf({ bundleBytes: bundle.length, runtime: "" }, bundle, sourceMap),
    );
    await this.#disk.write(fileOf(digest), parts);
    this.#held.add(digest);
  }

  /** Reads and checks a bundle. */
  async read(digest: string): Promise<Bundle> {
    try {
      const bundle =
        this.#held.has(digest) && (await this.#memory.fetch(digest));
      if (bundle) return bundle;
    } catch (error) {
      if (error instanceof AnnexError) throw error; // else it was collected meanwhile
    }
    throw new AnnexError("unavailable", `bundle ${digest} is not held`);
  }

  /** Keeps a bundle from being collected until the function it gives is called. */
  retain(digest: string): () => void {
    this.#retained.set(digest, (this.#retained.get(digest) ?? 0) + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const count = (this.#retained.get(digest) ?? 0) - 1;
      if (count > 0) this.#retained.set(digest, count);
      else this.#retained.delete(digest);
    };
  }

  /** Removes the bundles that are neither needed nor retained. */
  async collect(isNeeded: (digest: string) => boolean): Promise<void> {
    const unneeded = [...this.#held].filter(
      (digest) => !isNeeded(digest) && !this.#retained.has(digest),
    );
    for (const digest of unneeded) {
      this.#drop(digest);
      this.#memory.delete(digest);
    }
    await Promise.all(this.#removals.values());
  }

  async #load(digest: string): Promise<Bundle> {
    const file = await this.#disk.read(fileOf(digest)).catch(() => undefined); // unreadable is damaged
    const content = file && (await unseal(file));
    const bundle = content && bundleOf(content);
    if (bundle && (await isOfDigest(bundle, digest))) return bundle;
    this.#drop(digest);
    this.onDamage(digest);
    throw new AnnexError("unavailable", `bundle ${digest} is damaged on disk`);
  }

  /** Forgets a bundle at once, so that from now on it is fetched anew; a `put` waits until the old file is gone. */
  #drop(digest: string): void {
    this.#held.delete(digest);
    const removal = this.#disk
      .remove(fileOf(digest))
      .catch(() => undefined) // what stays is found and collected at the next start
      .finally(() => this.#removals.delete(digest));
    this.#removals.set(digest, removal);
  }
}

function fileOf(digest: string): string {
  return `${bundlesFolder}/${digest}`;
}

function isOfDigest(bundle: Bundle, digest: string): Promise<boolean> {
  const code = bundle.content.subarray(0, bundle.bundleBytes);
  return sha256([code]).then((actual) => actual === digest);
}
