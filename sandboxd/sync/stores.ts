/** Brings bundles to the disk as they arrive, so that what waits for its check waits without its code in memory. */
import { AnnexError } from "../../proto/errors.ts";
import type {
  BundleChunk,
  Version,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import { Assemblies } from "./assemblies.ts";
import type { SyncCatalog } from "./dependencies.ts";
import { definite, type Fault, passing } from "./faults.ts";

const storesAtOnce = 4;

/** The bundles that come with one stream. */
export class Stores {
  readonly #catalog: SyncCatalog;
  readonly #assemblies = new Assemblies();
  readonly #open = new Set<Promise<unknown>>();
  /** Bundles stored since the caller last set it to zero. */
  count = 0;

  constructor(catalog: SyncCatalog) {
    this.#catalog = catalog;
  }

  addChunk(chunk: BundleChunk): void {
    this.#assemblies.add(chunk);
  }

  /** Resolves when another bundle may be stored: whoever reads the stream waits, so that bundles do not pile up. */
  async room(): Promise<void> {
    while (this.#open.size >= storesAtOnce) await Promise.race(this.#open);
  }

  /** Stores what came of the version's bundle, if anything did and it is not held; resolves to what was wrong with it. */
  store(version: Version): Promise<Fault | undefined> {
    const assembled = this.#assemblies.take(version.digest);
    const inline = version.bundle.length > 0 ? version : undefined;
    if (this.#catalog.hasBundle(version.digest) || (!inline && !assembled))
      return Promise.resolve(undefined);
    if (inline)
      return this.#put(version.digest, inline.bundle, inline.sourceMap);
    if (!assembled || "fault" in assembled)
      return Promise.resolve(
        definite("digest", `the bundle is not whole: ${assembled?.fault}`),
      );
    const end = Number(version.bundleBytes);
    const { content } = assembled;
    return this.#put(
      version.digest,
      content.subarray(0, end),
      content.subarray(end),
    );
  }

  #put(
    digest: string,
    bundle: Buffer,
    sourceMap: Buffer,
  ): Promise<Fault | undefined> {
    this.count += 1;
    const stored = this.#catalog.putBundle(digest, bundle, sourceMap).then(
      () => undefined,
      (error: unknown) => faultOf(error),
    );
    this.#open.add(stored);
    return stored.finally(() => this.#open.delete(stored));
  }
}

function faultOf(error: unknown): Fault {
  const { code, message } = AnnexError.from(error);
  if (code === "invalid") return definite("digest", message);
  return passing("storage_unavailable", message);
}
