/** The catalog: disk first, memory second; what the disk refuses still holds in memory, and the status says so. */
import { isDeepStrictEqual } from "node:util";
import type { Bundles } from "./bundles.ts";
import type {
  Bundle,
  CatalogStatus,
  ContainerSettings,
  HeldVersion,
  InlineBundle,
  OpenCatalog,
  PlatformEgress,
  PointLimits,
  Position,
  PublicKeys,
  QuarantinedVersion,
  RefusedVersion,
  RevokedToken,
  ServingExtension,
  ToldExtension,
} from "./catalog.ts";
import type { Disk } from "./disk.ts";
import { DurableRecords } from "./durable-records.ts";
import type { InlineBuilds } from "./inline.ts";
import { Quarantines } from "./quarantines.ts";
import { recordFiles } from "./records.ts";
import { Serving } from "./serving.ts";
import { type PointRecord, Settings } from "./settings.ts";
import { lastGoodFor, marked, recordOf } from "./stand-in.ts";

/** What the catalog needs of a logger. */
export interface CatalogLog {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What was found on disk. */
export interface CatalogState {
  extensions: readonly ServingExtension[];
  refused: readonly RefusedVersion[];
  quarantined: readonly QuarantinedVersion[];
  containers: readonly ContainerSettings[];
  points: readonly PointRecord[];
  egress: PlatformEgress | undefined;
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
  readonly #records: DurableRecords;
  readonly #bundles: Bundles;
  readonly #inline: InlineBuilds;
  readonly #now: () => number;
  readonly #log: CatalogLog;
  readonly #serving = new Serving();
  readonly #refused = new Map<string, RefusedVersion>();
  readonly #quarantines: Quarantines;
  readonly #settings: Settings;
  readonly #damageListeners = new Set<() => void>();
  #keys: PublicKeys;
  #revocations: ReadonlyMap<string, number>;
  #position: Position | undefined;
  #positionWrite: Promise<unknown> = Promise.resolve();
  #damagedEntries = 0;

  constructor(parts: Parts) {
    const { state } = parts;
    this.#records = new DurableRecords(parts.disk, parts.log);
    this.#bundles = parts.bundles;
    this.#inline = parts.inline;
    this.#now = parts.now;
    this.#log = parts.log;
    this.#quarantines = new Quarantines(state.quarantined);
    this.#settings = new Settings(state);
    this.#serving.load(state.extensions.map((one) => this.#marked(one)));
    for (const refused of state.refused)
      this.#refused.set(keyOf(refused.container, refused.extension), refused);
    this.#keys = state.keys ?? { keys: [] };
    this.#revocations = this.#unexpired(state.revocations ?? []);
    this.#position = state.position;
    this.#bundles.onDamage = (digest) => this.#onDamagedBundle(digest);
  }

  hasContainer(name: string): boolean {
    return (
      this.#settings.container(name) !== undefined ||
      this.#serving.hasContainer(name)
    );
  }

  containers(): string[] {
    return [
      ...new Set([
        ...this.#settings.containers(),
        ...this.#serving.containers(),
      ]),
    ];
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

  containerSettings(container: string): ContainerSettings | undefined {
    return this.#settings.container(container);
  }

  pointLimits(point: string): PointLimits | undefined {
    return this.#settings.point(point);
  }

  points(): string[] {
    return [...this.#settings.points()];
  }

  egress(): PlatformEgress {
    return this.#settings.egress();
  }

  onSettings(listener: (container: string | undefined) => void): () => void {
    return this.#settings.onChange(listener);
  }

  quarantines(container: string, name: string): readonly QuarantinedVersion[] {
    return this.#quarantines.of(container, name);
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
      degraded: this.#records.degraded,
      damagedEntries: this.#damagedEntries,
      extensions: this.#serving.count,
      containers: this.containers().length,
    };
  }

  hasBundle(digest: string): boolean {
    return this.#bundles.has(digest);
  }

  putBundle(digest: string, bundle: Buffer, sourceMap: Buffer): Promise<void> {
    return this.#records.durably(this.#bundles.put(digest, bundle, sourceMap));
  }

  retainBundle(digest: string): () => void {
    return this.#bundles.retain(digest);
  }

  async putExtension(told: ToldExtension): Promise<void> {
    const { container, extension: name } = told;
    const file = recordFiles.extension(container, name);
    const before = this.#serving.get(container, name);
    const next = recordOf(told, lastGoodFor(told, before));
    try {
      if (!this.#isWritten(file, before, next))
        await this.#records.write(file, next);
    } finally {
      this.#serving.put(this.#marked(next));
    }
  }

  async removeExtension(container: string, name: string): Promise<void> {
    const quarantined = this.#quarantines.of(container, name);
    this.#serving.remove(container, name);
    this.#refused.delete(keyOf(container, name));
    this.#quarantines.removeAll(container, name);
    await allOf([
      this.#records.remove(recordFiles.extension(container, name)),
      this.#records.remove(recordFiles.refused(container, name)),
      ...quarantined.map((one) => this.#records.remove(fileOf(one))),
    ]);
  }

  async putRefused(refused: RefusedVersion): Promise<void> {
    const { container, extension: name } = refused;
    this.#refused.set(keyOf(container, name), refused);
    await this.#records.write(recordFiles.refused(container, name), refused);
  }

  async removeRefused(container: string, name: string): Promise<void> {
    const file = recordFiles.refused(container, name);
    if (!this.#refused.delete(keyOf(container, name))) return;
    await this.#records.remove(file);
  }

  refused(container: string, name: string): RefusedVersion | undefined {
    return this.#refused.get(keyOf(container, name));
  }

  async putContainer(settings: ContainerSettings): Promise<void> {
    const file = recordFiles.container(settings.container);
    if (this.#settings.putContainer(settings) || !this.#records.has(file))
      await this.#records.write(file, settings);
  }

  async removeContainer(name: string): Promise<void> {
    this.#settings.removeContainer(name);
    await this.#records.remove(recordFiles.container(name));
  }

  async putPoint(point: string, limits: PointLimits): Promise<void> {
    const file = recordFiles.point(point);
    if (this.#settings.putPoint(point, limits) || !this.#records.has(file))
      await this.#records.write(file, { point, limits });
  }

  async removePoint(point: string): Promise<void> {
    this.#settings.removePoint(point);
    await this.#records.remove(recordFiles.point(point));
  }

  async putEgress(egress: PlatformEgress): Promise<void> {
    const file = recordFiles.egress;
    if (this.#settings.putEgress(egress) || !this.#records.has(file))
      await this.#records.write(file, egress);
  }

  async putQuarantined(quarantined: QuarantinedVersion): Promise<void> {
    const { container, extension } = quarantined;
    const digest = this.#serving.get(container, extension)?.version.digest;
    const forgotten = this.#quarantines.put(quarantined, digest);
    this.#mark(container, extension);
    await allOf([
      this.#records.write(fileOf(quarantined), quarantined),
      ...(forgotten ? [this.#records.remove(fileOf(forgotten))] : []),
    ]);
  }

  async removeQuarantined(
    container: string,
    name: string,
    digest: string,
  ): Promise<void> {
    if (!this.#quarantines.remove(container, name, digest)) return;
    this.#mark(container, name);
    await this.#records.remove(
      recordFiles.quarantined(container, name, digest),
    );
  }

  async putKeys(keys: PublicKeys): Promise<void> {
    if (!isDeepStrictEqual(keys, this.#keys)) this.#keys = keys;
    await this.#records.write(recordFiles.keys, keys);
  }

  async putRevocations(tokens: readonly RevokedToken[]): Promise<void> {
    this.#revocations = this.#unexpired(tokens);
    await this.#records.write(recordFiles.revocations, tokens);
  }

  async setPosition(position: Position): Promise<void> {
    await this.#records.retry();
    await this.#writePosition(position);
    this.#records.settle();
  }

  held(): HeldVersion[] {
    const held: HeldVersion[] = [];
    for (const one of this.extensions())
      if (!one.quarantine && this.#bundles.has(one.version.digest))
        held.push(heldOf(one));
    for (const one of this.#refused.values())
      held.push({ ...heldOf(one), refusal: one.refusal });
    for (const one of this.#quarantines.all())
      held.push({ ...heldOf(one), quarantine: one.message });
    return held;
  }

  async collectBundles(): Promise<void> {
    const needed = new Set<string>();
    for (const { version, lastGood } of this.extensions()) {
      needed.add(version.digest);
      if (lastGood) needed.add(lastGood.digest);
    }
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
    for (const { container, extension, lastGood } of this.extensions())
      if (lastGood?.digest === digest) this.#mark(container, extension);
    void this.forgetPosition(1); // never rejects
    for (const listener of this.#damageListeners) listener();
  }

  /** In order, so that a position forgotten because of damage is not taken back by one on its way to the disk. */
  #writePosition(position: Position): Promise<void> {
    const write = this.#positionWrite.then(async () => {
      await this.#records.write(recordFiles.position, position);
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
    if (!before || !this.#records.has(file)) return false;
    if (before.position.historyId !== next.position.historyId) return false;
    // Where another has one of its points, the later revision decides, also after a restart.
    const { container, points } = before;
    if (points.some((point) => this.bound(container, point) !== before))
      return false;
    return isDeepStrictEqual(
      { ...recordOf(before, before.lastGood), position: undefined },
      { ...next, position: undefined },
    );
  }

  /** Notes anew whether an extension's version is quarantined, and what runs in its place. */
  #mark(container: string, name: string): void {
    const serving = this.#serving.get(container, name);
    if (serving) this.#serving.put(this.#marked(serving));
  }

  #marked(extension: ServingExtension): ServingExtension {
    const { container, extension: name } = extension;
    return marked(extension, {
      quarantined: (digest) => this.#quarantines.get(container, name, digest),
      hasBundle: (digest) => this.#bundles.has(digest),
    });
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

function heldOf(one: {
  container: string;
  extension: string;
  version: { number: number };
}): HeldVersion {
  const { container, extension, version } = one;
  return { container, extension, version: version.number };
}

function fileOf({ container, extension, version }: QuarantinedVersion): string {
  return recordFiles.quarantined(container, extension, version.digest);
}

/** Waits for all of them, also where one fails. */
async function allOf(changes: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(changes))
    if (result.status === "rejected") throw result.reason;
}

function keyOf(container: string, name: string): string {
  return JSON.stringify([container, name]);
}
