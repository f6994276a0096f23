/** What the sync stream needs of the rest of sandboxd, which hands it in. */
import type {
  ContainerLimits,
  DeepPartial,
  EgressProxy,
  Subscription,
  SyncRequest,
  SyncResponse,
} from "../../proto/gen/annex/sync/v1/sync.ts";
import type { LoadFailure } from "../protocol.ts";

/** How this host introduces itself. */
export interface SyncConfig {
  /** Unique among hosts. */
  host: string;
  /** Names one run of sandboxd. */
  instance: string;
  subscription: Subscription;
  runtimes: readonly string[];
  runUrl: string;
  release: string;
  /** What walls this host's executors, and what bounds their memory and CPU. */
  walls: string;
  limits: string;
}

/** The parts the stream works with. */
export interface SyncDependencies {
  catalog: SyncCatalog;
  /** A new connection to the control plane; it may fail only when used. */
  connect: () => SyncConnection;
  /** Compiles a version in a throw-away executor and evaluates its top level. Rejects where that could not be found out. */
  checkVersion: (
    candidate: Candidate,
    signal: AbortSignal,
  ) => Promise<LoadFailure | undefined>;
  /** Where the extension's old version is warm, loads the new one too; whether it is warm now. */
  warm: (candidate: Candidate) => Promise<boolean>;
  /** The history a history token names. Rejects where no key the host knows has signed it. */
  verifyHistory: (token: string) => Promise<string>;
  /** Called whenever the host has everything the control plane had to say. */
  caughtUp: () => void;
  log: SyncLog;
  /** Milliseconds on a clock that never goes back. */
  now: () => number;
  sleep: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/** One connection; every session has its own, so that no back-off but ours decides when to try again. */
export interface SyncConnection {
  client: {
    sync(
      requests: AsyncIterable<DeepPartial<SyncRequest>>,
      options: { signal: AbortSignal },
    ): AsyncIterable<SyncResponse>;
  };
  close(): void;
}

/** A version about to serve, with everything an executor needs to load it. */
export interface Candidate extends ExtensionEntry {
  /** The bundle and, behind it, its source map. */
  readonly content: Buffer;
}

/** Why a version was not taken; file, line and column are empty where they are not known. */
export interface Refused {
  readonly reason: string;
  readonly message: string;
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A logger; pino's fits. */
export interface SyncLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A place in the control plane's history. */
export interface HistoryPosition {
  readonly historyId: string;
  readonly revision: bigint;
}

/** An extension as it serves. */
export interface ExtensionEntry {
  readonly container: string;
  readonly extension: string;
  readonly enabled: boolean;
  readonly version: {
    readonly number: number;
    readonly digest: string;
    readonly runtime: string;
    readonly bundleBytes: number;
  };
  readonly points: readonly string[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  readonly quarantineReleases: number;
  readonly position: HistoryPosition;
}

/** A version that this host has taken out of service. */
export interface QuarantinedEntry {
  readonly container: string;
  readonly extension: string;
  readonly version: { readonly number: number; readonly digest: string };
  readonly message: string;
  readonly quarantineReleases: number;
}

/** What holds for a container's code. */
export interface ContainerEntry {
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly trustGroup: string;
  readonly limits: ContainerLimits;
  readonly egress: {
    readonly allow: readonly string[];
    readonly deny: readonly string[];
  };
}

/** What calls at a point may use at most. */
export interface PointEntry {
  readonly cpuMs: number;
  readonly syncMs: number;
  readonly wallMs: number;
}

/** What holds for every container's requests outward. */
export interface EgressEntry {
  readonly internalHosts: readonly string[];
  readonly deny: readonly string[];
  readonly proxies: readonly EgressProxy[];
}

/** A version that was not taken. */
export interface RefusedEntry {
  readonly container: string;
  readonly extension: string;
  readonly version: ExtensionEntry["version"];
  readonly refusal: Refused;
  readonly environmentDigest: string;
  readonly position: HistoryPosition;
}

/** A version on disk, refused or quarantined. */
export interface HeldEntry {
  readonly container: string;
  readonly extension: string;
  readonly version: number;
  readonly refusal?: Refused;
  readonly quarantine?: string;
}

/** A token signing key, as in a JSON Web Key Set. */
export interface SigningKey {
  readonly kty: string;
}

/** The catalog, as far as the stream reads and changes it. Writers reject with `unavailable` where the disk fails. */
export interface SyncCatalog {
  extension(container: string, name: string): ExtensionEntry | undefined;
  extensions(): Iterable<ExtensionEntry>;
  containers(): string[];
  position(): HistoryPosition | undefined;
  readBundle(digest: string): Promise<{ content: Buffer; bundleBytes: number }>;
  putBundle(digest: string, bundle: Buffer, sourceMap: Buffer): Promise<void>;
  hasBundle(digest: string): boolean;
  retainBundle(digest: string): () => void;
  collectBundles(): Promise<void>;
  putExtension(extension: ExtensionEntry): Promise<void>;
  removeExtension(container: string, name: string): Promise<void>;
  putRefused(refused: RefusedEntry): Promise<void>;
  removeRefused(container: string, name: string): Promise<void>;
  refused(container: string, name: string): RefusedEntry | undefined;
  quarantines(container: string, name: string): readonly QuarantinedEntry[];
  putQuarantined(quarantined: QuarantinedEntry): Promise<void>;
  removeQuarantined(
    container: string,
    name: string,
    digest: string,
  ): Promise<void>;
  putContainer(settings: ContainerEntry): Promise<void>;
  removeContainer(name: string): Promise<void>;
  points(): string[];
  putPoint(point: string, limits: PointEntry): Promise<void>;
  removePoint(point: string): Promise<void>;
  putEgress(egress: EgressEntry): Promise<void>;
  putKeys(keys: { keys: SigningKey[] }): Promise<void>;
  putRevocations(
    tokens: readonly { jti: string; expiresAtS: number }[],
  ): Promise<void>;
  setPosition(position: HistoryPosition): Promise<void>;
  held(): HeldEntry[];
  onDamage(listener: () => void): () => void;
}
