/**
 * What this host serves. The whole catalog is in memory, so that a call asks nobody; the last good state of it is on disk,
 * so that a restarted host serves before it has spoken to anybody.
 */

/** A place in the control plane's history. */
export interface Position {
  readonly historyId: string;
  readonly revision: bigint;
}

/** One immutable build, without its code. */
export interface ServedVersion {
  readonly number: number;
  /** SHA-256 of the bundle, lower-case hex; `readBundle` takes it. */
  readonly digest: string;
  readonly runtime: string;
  readonly bundleBytes: number;
}

/** An extension as the control plane wants it served. */
export interface ToldExtension {
  readonly container: string;
  readonly extension: string;
  readonly enabled: boolean;
  readonly version: ServedVersion;
  readonly points: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly quarantineReleases: number;
  /** Where in the history this was true. */
  readonly position: Position;
}

/** An extension as this host serves it; never changed, only replaced. */
export interface ServingExtension extends ToldExtension {
  /** The version that served here before this one, and was not quarantined then. */
  readonly lastGood?: ServedVersion;
  /** Set while `version` is quarantined, so that a call need not ask. */
  readonly quarantine?: ServingQuarantine;
}

/** What a quarantine means for calls. */
export interface ServingQuarantine {
  readonly message: string;
  /** The extension with its last good version, which runs instead; unset where there is none that may. */
  readonly standIn?: ServingExtension;
}

/** What holds for a container's code; never changed, only replaced. */
export interface ContainerSettings {
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Empty: it shares its processes with nobody. */
  readonly trustGroup: string;
  readonly limits: ContainerLimits;
  /** Rules, as the control plane's EgressService describes them. */
  readonly egress: {
    readonly allow: readonly string[];
    readonly deny: readonly string[];
  };
}

/** 0: the host's default. Named as in settings.ts. */
export interface ContainerLimits {
  readonly heapMb: number;
  readonly memoryMb: number;
  readonly cpuPercent: number;
  readonly cpuMs: number;
  readonly syncMs: number;
  readonly wallMs: number;
  readonly maxRunningCalls: number;
  readonly maxQueuedCalls: number;
  readonly maxExecutors: number;
  readonly maxEgressRequests: number;
  readonly maxEgressBytes: number;
  readonly egressMs: number;
  readonly egressBytesPerSecond: number;
}

/** What calls at a point may use at most. 0: as the container may. */
export interface PointLimits {
  readonly cpuMs: number;
  readonly syncMs: number;
  readonly wallMs: number;
}

/** What holds for every container's requests outward. */
export interface PlatformEgress {
  readonly internalHosts: readonly string[];
  readonly deny: readonly string[];
  readonly proxies: readonly EgressProxy[];
}

/** A proxy that carries the requests of some containers. */
export interface EgressProxy {
  readonly name: string;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** With `labels` empty too: all. */
  readonly containers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
}

/** A version that this host has taken out of service. */
export interface QuarantinedVersion {
  readonly container: string;
  readonly extension: string;
  readonly version: Pick<ServedVersion, "number" | "digest">;
  readonly message: string;
  /** Of the extension when it happened: a greater number releases it. */
  readonly quarantineReleases: number;
}

/** A public key that signs tokens, as in a JSON Web Key Set. */
export interface PublicKey {
  readonly kty: string;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: string;
  readonly crv?: string;
  readonly x?: string;
  readonly y?: string;
  readonly n?: string;
  readonly e?: string;
}

/** The keys that sign tokens; jose's `createLocalJWKSet` takes it. A new object whenever a key has changed. */
export interface PublicKeys {
  keys: PublicKey[];
}

/** A bundle and, behind it, its source map (possibly empty). Shared: never write into it. */
export interface Bundle {
  readonly content: Buffer;
  /** Where the bundle ends and its source map begins. */
  readonly bundleBytes: number;
}

/** A bundle built from code that came with a request. */
export interface InlineBundle extends Bundle {
  readonly runtime: string;
}

/** Why a version was not taken, in the words of the wire. */
export interface VersionRefusal {
  readonly reason: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** The version of an extension that this host was told to serve and did not take. */
export interface RefusedVersion {
  readonly container: string;
  readonly extension: string;
  readonly version: ServedVersion;
  readonly refusal: VersionRefusal;
  /** Of the secrets and meta it was evaluated with: with others it may do better. */
  readonly environmentDigest: string;
  readonly position: Position;
}

/** A version this host has on its disk, has refused or has quarantined. */
export interface HeldVersion {
  readonly container: string;
  readonly extension: string;
  readonly version: number;
  readonly refusal?: VersionRefusal;
  /** Why it is quarantined. */
  readonly quarantine?: string;
}

/** A token that is void before it expires. */
export interface RevokedToken {
  readonly jti: string;
  /** When it may be forgotten, Unix seconds; 0 never. */
  readonly expiresAtS: number;
}

/** How the catalog's copy on disk fares. */
export interface CatalogStatus {
  /** Why the disk no longer has what memory has; unset while it has. Cleared once a position could be written. */
  readonly degraded: string | undefined;
  /** Entries found damaged since the start, and dropped. */
  readonly damagedEntries: number;
  readonly extensions: number;
  readonly containers: number;
}

/** What a call needs to know. */
export interface Catalog {
  hasContainer(name: string): boolean;
  containers(): string[];
  /** Two map lookups, nothing allocated. */
  extension(container: string, name: string): ServingExtension | undefined;
  /** What serves at a point of a container. Two map lookups, nothing allocated. */
  bound(container: string, point: string): ServingExtension | undefined;
  /** Everything that serves. */
  extensions(): Iterable<ServingExtension>;
  bindings(container: string): { point: string; extension: ServingExtension }[];
  /** undefined: nothing was said of it. The same object until it changes. */
  containerSettings(container: string): ContainerSettings | undefined;
  /** The same object until it changes. */
  pointLimits(point: string): PointLimits | undefined;
  /** The points that something was said of. */
  points(): string[];
  egress(): PlatformEgress;
  /** The versions of an extension that are quarantined, serving or not. */
  quarantines(container: string, name: string): readonly QuarantinedVersion[];
  /** Calls the listener when a container's settings or the platform's egress have changed; gives the unsubscribe. */
  onSettings(listener: (container: string | undefined) => void): () => void;
  keys(): PublicKeys;
  isRevoked(jti: string): boolean;
  /** Reads a bundle and checks it against its digest. Rejects with `unavailable` where it is not held or damaged. */
  readBundle(digest: string): Promise<Bundle>;
  /** A bundle built before from the source of this SHA-256 (hex). */
  readInline(sourceDigest: string): Promise<InlineBundle | undefined>;
  /** Keeps a bundle built from the source of this SHA-256 (hex); the least recently used goes. */
  putInline(
    sourceDigest: string,
    build: { runtime: string; bundle: Buffer; sourceMap: Buffer },
  ): Promise<void>;
  /** Where this host stands; revision 0 where it follows a history but must be told everything again. */
  position(): Position | undefined;
  status(): CatalogStatus;
}

/**
 * What the sync stream changes. Each change is in memory and on disk when its promise resolves. Where the disk fails the
 * promise rejects with `unavailable` and the change holds in memory alone, but for bundles, which are then not held.
 */
export interface CatalogWriter {
  /** Checks the bundle against its digest (`invalid` where it is another's) and stores it. */
  putBundle(digest: string, bundle: Buffer, sourceMap: Buffer): Promise<void>;
  hasBundle(digest: string): boolean;
  /** Keeps a bundle from being collected until the function it gives is called. */
  retainBundle(digest: string): () => void;
  /** Where that changes the version, the one that served until now becomes its last good one, unless quarantined. */
  putExtension(extension: ToldExtension): Promise<void>;
  removeExtension(container: string, name: string): Promise<void>;
  putRefused(refused: RefusedVersion): Promise<void>;
  removeRefused(container: string, name: string): Promise<void>;
  refused(container: string, name: string): RefusedVersion | undefined;
  putContainer(settings: ContainerSettings): Promise<void>;
  removeContainer(name: string): Promise<void>;
  putPoint(point: string, limits: PointLimits): Promise<void>;
  removePoint(point: string): Promise<void>;
  putEgress(egress: PlatformEgress): Promise<void>;
  /** In force when this returns, on disk when its promise resolves. */
  putQuarantined(quarantined: QuarantinedVersion): Promise<void>;
  removeQuarantined(
    container: string,
    name: string,
    digest: string,
  ): Promise<void>;
  putKeys(keys: PublicKeys): Promise<void>;
  putRevocations(tokens: readonly RevokedToken[]): Promise<void>;
  setPosition(position: Position): Promise<void>;
  /** What is on disk, refused or quarantined: what the host may say it holds. */
  held(): HeldVersion[];
  /** Removes bundles that nothing serves, has as its last good version, refuses or retains. */
  collectBundles(): Promise<void>;
  /** Calls the listener when something held turns out to be damaged and must be sent again; gives the unsubscribe. */
  onDamage(listener: () => void): () => void;
}

/** The catalog with both of its faces. */
export interface OpenCatalog extends Catalog, CatalogWriter {}
