/** A named unit of code in a container. */
export interface Extension {
  container: string;
  name: string;
  enabled: boolean;
  /** 0 where no version was activated. */
  activeVersion: number;
  newestVersion: number;
  points: string[];
  meta: Record<string, string>;
  secretNames: string[];
  createdAtMs: number;
  updatedAtMs: number;
  etag: string;
}

/** What a host must know of an extension to serve it. */
export interface ExtensionState {
  container: string;
  extension: string;
  enabled: boolean;
  /** The active version. */
  version: { number: number; digest: string; runtime: string };
  points: string[];
  secrets: Record<string, string>;
  meta: Record<string, string>;
}
