/** One immutable build of an extension. */
export interface Version {
  container: string;
  extension: string;
  number: number;
  /** SHA-256 of the bundle, lower-case hex. */
  digest: string;
  runtime: string;
  bundleBytes: number;
  /** The source file it starts from. */
  entry: string;
  createdAtMs: number;
  active: boolean;
}

/** One file of an extension's source. */
export interface SourceFile {
  /** Relative, with forward slashes. */
  path: string;
  content: Uint8Array;
}

/** What the build makes of a source. */
export interface Bundle {
  content: Uint8Array;
  /** JSON; may be empty. */
  sourceMap: Uint8Array;
  /** SHA-256 of the content, lower-case hex. */
  digest: string;
  /** The runtime it was built for. */
  runtime: string;
}
