/** The catalog: disk first, memory second; what the disk refuses still holds in memory, and the status says so. */
import { isDeepStrictEqual } from "node:util";
import { AnnexError } from "../../proto/errors.ts";
import type { Bundles } from "./bundles.ts";
import type {
  Bundle,
  CatalogStatus,
  HeldVersion,
  InlineBundle,
  OpenCatalog,
  Position,
  PublicKeys,
  RefusedVersion,
  RevokedToken,
  ServingExtension,
} from "./catalog.ts";
import type { Disk } from "./disk.ts";
import type { InlineBuilds } from "./inline.ts";
import { recordFiles, writeRecord } from "./records.ts";
import { Serving } from "./serving.ts";

/** What the catalog needs of a logger. */
export interface CatalogLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What was found on disk. */
export interface CatalogState {
  extensions: readonly ServingExtension[];
  refused: readonly RefusedVersion[];
  containers: readonly { container: string }[];
  keys: PublicKeys | undefined;
  revocations: readonly RevokedToken[] | undefined;
  position: Position | undefined;
}

interface Parts {
  disk: Disk;
  bundles: Bundles;
  inline: InlineBuilds;
  now: () => number;
  log: CatalogLog;
  state: CatalogState;
}

/** The one implementation of the catalog; `openCatalog` makes it. */
export class CachedCatalog implements OpenCatalog {
  readonly #disk: Disk;
  readonly #bundles: Bundles;
  readonly #inline: InlineBuilds;
  readonly #now: () => number;
  readonly #log: CatalogLog;
  readonly #serving = new Serving();
  readonly #refused = new Map<string, RefusedVersion>();
  readonly #containers: Set<string>;
  /** Files of entries whose latest state is in memory alone. */
  readonly #unwritten = new Set<string>();
  readonly #damageListeners = new Set<() => void>();
  #keys: PublicKeys;
  #revocations: ReadonlyMap<string, number>;
  #position: Position | undefined;
  #positionWrite: Promise<unknown> = Promise.resolve();
  #degraded: string | undefined;
  #damagedEntries = 0;

  constructor(parts: Parts) {
    const { state } = parts;
    this.#disk = parts.disk;
    this.#bundles = parts.bundles;
    this.#inline = parts.inline;
    this.#now = parts.now;
    this.#log = parts.log;
    this.#serving.load(state.extensions);
    for (const refused of state.refused)
      this.#refused.set(keyOf(refused.container, refused.extension), refused);
    this.#containers = new Set(state.containers.map((one) => one.container));
    this.#keys = state.keys ?? { keys: [] };
    this.#revocations = this.#unexpired(state.revocations ?? []);
    this.#position = state.position;
    this.#bundles.onDamage = (digest) => this.#onDamagedBundle(digest);
  }

  hasContainer(name: string): boolean {
    return this.#containers.has(name) || this.#serving.hasContainer(name);
  }

  containers(): string[] {
    return [...new Set([...this.#containers, ...this.#serving.containers()])];
  }

  extension(container: string, name: string): ServingExtension | undefined {
    return this.#serving.get(container, name);
  }

  extensions(): Iterable<ServingExtension> {
    return this.#serving.all();
  }

  bound(container: string, point: string): ServingExtension | undefined {
    return this.#serving.bound(container, point);
  }

  bindings(
    container: string,
  ): { point: string; extension: ServingExtension }[] {
    return this.#serving.bindings(container);
  }

  keys(): PublicKeys {
    return this.#keys;
  }

  isRevoked(jti: string): boolean {
    return this.#revocations.has(jti);
  }

  readBundle(digest: string): Promise<Bundle> {
    return this.#bundles.read(digest);
  }

  readInline(sourceDigest: string): Promise<InlineBundle | undefined> {
    return this.#inline.read(sourceDigest);
  }

  putInline(
    sourceDigest: string,
    build: { runtime: string; bundle: Buffer; sourceMap: Buffer },
  ): Promise<void> {
    return this.#inline.put(sourceDigest, build);
  }

  position(): Position | undefined {
    return this.#position;
  }

  status(): CatalogStatus {
    return {
      degraded: this.#degraded,
      damagedEntries: this.#damagedEntries,
      extensions: this.#serving.count,
      containers: this.containers().length,
    };
  }

  hasBundle(digest: string): boolean {
    return this.#bundles.has(digest);
  }

  putBundle(digest: string, bundle: Buffer, sourceMap: Buffer): Promise<void> {
    return this.#durably(this.#bundles.put(digest, bundle, sourceMap));
  }

  retainBundle(digest: string): () => void {
    return this.#bundles.retain(digest);
  }

  async putExtension(extension: ServingExtension): Promise<void> {
    const { container, extension: name } = extension;
    const file = recordFiles.extension(container, name);
    const before = this.#serving.get(container, name);
    try {
      if (!this.#isWritten(file, before, extension))
        await this.#write(file, extension);
    } finally {
      this.#serving.put(extension);
    }
  }

  async removeExtension(container: string, name: string): Promise<void> {
    this.#serving.remove(container, name);
    this.#refused.delete(keyOf(container, name));
    await this.#remove(recordFiles.extension(container, name));
    await this.#remove(recordFiles.refused(container, name));
  }

  async putRefused(refused: RefusedVersion): Promise<void> {
    const { container, extension: name } = refused;
    this.#refused.set(keyOf(container, name), refused);
    await this.#write(recordFiles.refused(container, name), refused);
  }

  async removeRefused(container: string, name: string): Promise<void> {
    if (!this.#refused.delete(keyOf(container, name))) return;
    await this.#remove(recordFiles.refused(container, name));
  }

  refused(container: string, name: string): RefusedVersion | undefined {
    return this.#refused.get(keyOf(container, name));
  }

  async putContainer(name: string): Promise<void> {
    const file = recordFiles.container(name);
    if (this.#containers.has(name) && !this.#unwritten.has(file)) return;
    this.#containers.add(name);
    await this.#write(file, { container: name });
  }

  async removeContainer(name: string): Promise<void> {
    this.#containers.delete(name);
    await this.#remove(recordFiles.container(name));
  }

  async putKeys(keys: PublicKeys): Promise<void> {
    if (!isDeepStrictEqual(keys, this.#keys)) this.#keys = keys;
    await this.#write(recordFiles.keys, keys);
  }

  async putRevocations(tokens: readonly RevokedToken[]): Promise<void> {
    this.#revocations = this.#unexpired(tokens);
    await this.#write(recordFiles.revocations, tokens);
  }

  async setPosition(position: Position): Promise<void> {
    await this.#writePosition(position);
    if (this.#unwritten.size === 0) this.#degraded = undefined;
  }

  held(): HeldVersion[] {
    const serving = [...this.#serving.all()].filter((one) =>
      this.#bundles.has(one.version.digest),
    );
    return [
      ...serving.map(({ container, extension, version }) => ({
        container,
        extension,
        version: version.number,
      })),
      ...[...this.#refused.values()].map((one) => ({
        container: one.container,
        extension: one.extension,
        version: one.version.number,
        refusal: one.refusal,
      })),
    ];
  }

  async collectBundles(): Promise<void> {
    const needed = new Set<string>();
    for (const extension of this.#serving.all())
      needed.add(extension.version.digest);
    for (const refused of this.#refused.values())
      needed.add(refused.version.digest);
    await this.#bundles.collect((digest) => needed.has(digest));
  }

  onDamage(listener: () => void): () => void {
    this.#damageListeners.add(listener);
    return () => this.#damageListeners.delete(listener);
  }

  /** Keeps the history but asks for everything in it again; whether the disk knows. */
  forgetPosition(damagedEntries: number): Promise<boolean> {
    this.#damagedEntries += damagedEntries;
    if (!this.#position) return Promise.resolve(true);
    const lowered = { historyId: this.#position.historyId, revision: 0n };
    this.#position = lowered;
    return this.#writePosition(lowered).then(
      () => true,
      () => false,
    );
  }

  #onDamagedBundle(digest: string): void {
    this.#log.warn(
      { digest },
      "damaged bundle dropped; it will be fetched again",
    );
    void this.forgetPosition(1); // never rejects
    for (const listener of this.#damageListeners) listener();
  }

  /** In order, so that a position forgotten because of damage is not taken back by one on its way to the disk. */
  #writePosition(position: Position): Promise<void> {
    const write = this.#positionWrite.then(async () => {
      await this.#write(recordFiles.position, position);
      this.#position = position;
    });
    this.#positionWrite = write.catch(() => undefined); // the caller has it
    return write;
  }

  /** Whether the disk already has it: a resync names everything, and most of it has not changed. */
  #isWritten(
    file: string,
    before: ServingExtension | undefined,
    next: ServingExtension,
  ): boolean {
    if (!before || this.#unwritten.has(file)) return false;
    if (before.position.historyId !== next.position.historyId) return false;
    // Where another has one of its points, the later revision decides, also after a restart.
    const { container, points } = before;
    if (points.some((point) => this.bound(container, point) !== before))
      return false;
    return isDeepStrictEqual(
      { ...before, position: undefined },
      { ...next, position: undefined },
    );
  }

  async #write(file: string, value: unknown): Promise<void> {
    this.#unwritten.add(file);
    await this.#durably(writeRecord(this.#disk, file, value));
    this.#unwritten.delete(file);
  }

  async #remove(file: string): Promise<void> {
    this.#unwritten.add(file);
    await this.#durably(this.#disk.remove(file));
    this.#unwritten.delete(file);
  }

  async #durably(change: Promise<void>): Promise<void> {
    try {
      await change;
    } catch (error) {
      if (error instanceof AnnexError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      if (this.#degraded === undefined)
        this.#log.error(
          { err: error },
          "cache cannot be written; serving from memory",
        );
      this.#degraded = reason;
      throw new AnnexError(
        "unavailable",
        `cache cannot be written: ${reason}`,
        {
          cause: error,
        },
      );
    }
  }

  #unexpired(tokens: readonly RevokedToken[]): ReadonlyMap<string, number> {
    const nowS = this.#now() / 1000;
    return new Map(
      tokens
        .filter(({ expiresAtS }) => expiresAtS === 0 || expiresAtS > nowS)
        .map(({ jti, expiresAtS }) => [jti, expiresAtS]),
    );
  }
}

function keyOf(container: string, name: string): string {
  return JSON.stringify([container, name]);
}
