/** Extensions: named units of customers' code. */
import { AnnexError } from "../../proto/errors.ts";
import { quote } from "./name.ts";

const maxMetaEntries = 100;
const maxMetaKeyCharacters = 128;
const maxMetaBytes = 64 * 1024;

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
  /** How often quarantines of it were released. */
  quarantineReleases: number;
}

/** Throws `invalid` unless it may be an extension's meta. */
export function checkMeta(meta: Record<string, string>): void {
  const keys = Object.keys(meta);
  if (keys.length > maxMetaEntries)
    throw new AnnexError(
      "invalid",
      `meta would have ${keys.length} entries: at most ${maxMetaEntries} are allowed`,
    );
  keys.forEach(checkMetaKey);
  const bytes = Buffer.byteLength(JSON.stringify(meta));
  if (bytes > maxMetaBytes)
    throw new AnnexError(
      "invalid",
      `meta would be ${bytes} bytes as JSON: at most ${maxMetaBytes} are allowed`,
    );
}

function checkMetaKey(key: string): void {
  if (key.length >= 1 && key.length <= maxMetaKeyCharacters) return;
  throw new AnnexError(
    "invalid",
    `${quote(key)} cannot be a key of meta: a key is 1 to ${maxMetaKeyCharacters} characters`,
  );
}
