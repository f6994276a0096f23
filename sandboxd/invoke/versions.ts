/** Turns what this host serves, and code that came with a request, into what an executor can load. */
import { createHash, hash } from "node:crypto";
import type { CallFailure } from "../../proto/errors.ts";

/** The supervisor's idea of a version; see there. */
export interface LoadableVersion {
  key: string;
  container: string;
  fileName: string;
  secrets: Readonly<Record<string, string>>;
  meta: Readonly<Record<string, string>>;
  /** What it was built for; absent: this release's own. */
  runtime?: string;
  read(): Promise<{ content: Uint8Array; bundleBytes: number }>;
}

/** What is read of the catalog's extensions. */
export interface ServedExtension {
  readonly container: string;
  readonly extension: string;
  readonly enabled: boolean;
  readonly version: {
    readonly number: number;
    readonly digest: string;
    readonly runtime: string;
  };
  readonly secrets: Readonly<Record<string, string>>;
  readonly meta: Readonly<Record<string, string>>;
  /** Set while the version is quarantined. */
  readonly quarantine?: {
    readonly message: string;
    /** What runs instead; unset where nothing may. */
    readonly standIn?: ServedExtension;
  };
}

interface StoredBundle {
  content: Uint8Array;
  bundleBytes: number;
}

export interface BundleStore {
  readBundle(digest: string): Promise<StoredBundle>;
  readInline(sourceDigest: string): Promise<StoredBundle | undefined>;
}

/**
 * How the supervisor names a version of an extension. The digest is part of it: a restored backup may give a number to
 * other code, and a warm isolate must not answer for it.
 */
export function versionKeyOf(
  extension: string,
  { number, digest }: { number: number; digest: string },
): string {
  return `${extension}@${number}#${digest}`;
}

/** What versionKeyOf put together; undefined for code of a request. */
export function parseVersionKey(
  key: string,
): { extension: string; number: number; digest: string } | undefined {
  const [, extension, number, digest] = /^(.+)@(\d+)#(.+)$/.exec(key) ?? [];
  if (!extension || !digest) return undefined;
  return { extension, number: Number(number), digest };
}

/** Loadable forms of served extensions, made once for each state of one. */
export function createVersions(store: BundleStore) {
  const loadables = new WeakMap<ServedExtension, LoadableVersion>();

  function served(serving: ServedExtension): LoadableVersion {
    const known = loadables.get(serving);
    if (known) return known;
    const { container, extension, version, secrets, meta } = serving;
    const loadable = {
      key: versionKeyOf(extension, version),
      container,
      fileName: "extension.js",
      secrets,
      meta,
      runtime: version.runtime,
      read: () => store.readBundle(version.digest),
    };
    loadables.set(serving, loadable);
    return loadable;
  }

  /** The source as it is, or what was built of it before. */
  function inline(
    container: string,
    source: Uint8Array,
  ): LoadableVersion & { sourceDigest: string } {
    const sourceDigest = hash("sha256", source, "hex");
    return {
      key: `inline:${sourceDigest}`,
      container,
      sourceDigest,
      fileName: "webtask.js",
      secrets: nothing,
      meta: nothing,
      read: async () =>
        (await store.readInline(sourceDigest)) ?? {
          content: source,
          bundleBytes: source.length,
        },
    };
  }

  return { served, inline };
}

/** Code that serves nobody, as a call of an extension would find it. */
export interface Trial {
  readonly runtime: string;
  readonly content: Uint8Array;
  readonly bundleBytes: number;
}

/** A trial's loadable form, with the secrets and meta of the extension that it may come to be; of one that has none, none. */
export function trialVersion(
  container: string,
  { runtime, content, bundleBytes }: Trial,
  extension: Pick<ServedExtension, "secrets" | "meta"> | undefined,
): LoadableVersion {
  const { secrets, meta } = extension ?? { secrets: nothing, meta: nothing };
  const all = createHash("sha256")
    .update(JSON.stringify([runtime, bundleBytes, secrets, meta]))
    .update(content)
    .digest("hex");
  return {
    // As code of a request: it is kept as long as such code is, and its end is none of the control plane's.
    key: `inline:trial:${all}`,
    container,
    fileName: "extension.js",
    secrets,
    meta,
    runtime,
    read: () => Promise.resolve({ content, bundleBytes }),
  };
}

const nothing = Object.freeze({});

/** Whether building could help code that could not be loaded as it is: a module, TypeScript, or one that requires more than builtins. */
export function mayNeedBuild(failure: CallFailure): boolean {
  return failure.reason === "syntax" || failure.reason === "module_not_found";
}
