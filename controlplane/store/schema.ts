/** The tables as the newest migration leaves them. Times are milliseconds since 1970, booleans 0 or 1. */

/** Every table, for kysely. */
export interface Schema {
  history: HistoryTable;
  changes: ChangesTable;
  containers: NamedTable;
  points: NamedTable;
  extensions: ExtensionsTable;
  version_counters: VersionCountersTable;
  versions: VersionsTable;
  bundles: BundlesTable;
  source_files: SourceFilesTable;
  source_contents: SourceContentsTable;
  activations: ActivationsTable;
  bindings: BindingsTable;
  secrets: SecretsTable;
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

/** A container or a point. */
export interface NamedTable {
  name: string;
  created_at_ms: number;
  etag: string;
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
