/** The tables as the newest migration leaves them. Times are milliseconds since 1970, booleans 0 or 1. */

/** Every table, for kysely. */
export interface Schema {
  history: HistoryTable;
  changes: ChangesTable;
  containers: ContainersTable;
  points: PointsTable;
  extensions: ExtensionsTable;
  version_counters: VersionCountersTable;
  versions: VersionsTable;
  bundles: BundlesTable;
  source_files: SourceFilesTable;
  source_contents: SourceContentsTable;
  activations: ActivationsTable;
  bindings: BindingsTable;
  secrets: SecretsTable;
  egress: EgressTable;
  egress_proxies: EgressProxiesTable;
  signing_keys: SigningKeysTable;
  revocations: RevocationsTable;
}

/** One row: where the history stands. */
export interface HistoryTable {
  id: 1;
  history_id: string;
  /** Of a restored database, the history its backup was taken from. */
  parent_history_id: string | null;
  revision: number;
  compacted_revision: number;
  /** The master key that everything sealed in this database needs. */
  master_key_id: string;
}

/** The latest change of every resource, also of those that are no more. */
export interface ChangesTable {
  name: string;
  revision: number;
  removed: number;
  traceparent: string | null;
}

/** A container. */
export interface ContainersTable {
  name: string;
  created_at_ms: number;
  etag: string;
  /** JSON, as are limits and egress. */
  labels: string;
  trust_group: string;
  /** A limit that is not named is 0. */
  limits: string;
  egress: string;
}

/** A point. */
export interface PointsTable {
  name: string;
  created_at_ms: number;
  etag: string;
  /** JSON; a limit that is not named is 0. */
  limits: string;
}

/** One row: the platform's rules of egress, each list as JSON. */
export interface EgressTable {
  id: 1;
  internal_hosts: string;
  deny: string;
  etag: string;
}

/** The platform's egress proxies. */
export interface EgressProxiesTable {
  name: string;
  /** The first that fits a container carries it. */
  ordinal: number;
  url: string;
  username: string;
  /** Sealed with the master key for this name and URL; null where there is none. */
  sealed_password: Uint8Array | null;
  /** JSON, as are labels and addresses. */
  containers: string;
  labels: string;
  addresses: string;
}

/** An extension; its data key is sealed with the master key. */
export interface ExtensionsTable {
  container: string;
  name: string;
  enabled: number;
  active_version: number | null;
  /** JSON. */
  meta: string;
  sealed_data_key: Uint8Array;
  quarantine_releases: number;
  created_at_ms: number;
  updated_at_ms: number;
  etag: string;
}

/** Outlives its extension, so that no number ever means two builds. */
export interface VersionCountersTable {
  container: string;
  extension: string;
  newest: number;
}

/** A version; immutable. */
export interface VersionsTable {
  container: string;
  extension: string;
  number: number;
  digest: string;
  runtime: string;
  entry: string;
  created_at_ms: number;
}

/** What versions run; goes with the last version that has it. */
export interface BundlesTable {
  digest: string;
  content: Uint8Array;
  source_map: Uint8Array;
}

/** The files a version was built from. */
export interface SourceFilesTable {
  container: string;
  extension: string;
  number: number;
  path: string;
  digest: string;
}

/** What those files hold; goes with the last file that has it. */
export interface SourceContentsTable {
  digest: string;
  content: Uint8Array;
}

/** Which versions have served, the active one last: what rolling back goes by. */
export interface ActivationsTable {
  container: string;
  extension: string;
  ordinal: number;
  number: number;
}

/** What is bound at points. */
export interface BindingsTable {
  container: string;
  point: string;
  extension: string;
}

/** Secrets, sealed with their extension's data key. */
export interface SecretsTable {
  container: string;
  extension: string;
  name: string;
  sealed_value: Uint8Array;
  updated_at_ms: number;
}

/** The keys that sign tokens. */
export interface SigningKeysTable {
  kid: string;
  state: "next" | "signing" | "retired";
  /** JSON. */
  public_jwk: string;
  sealed_private_jwk: Uint8Array;
  created_at_ms: number;
}

/** Tokens that are void before they expire; 0 is never. */
export interface RevocationsTable {
  jti: string;
  expires_at_s: number;
}
