/** What the catalog's tests share: a folder, a catalog in it, and an extension to put there. */
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type {
  ContainerLimits,
  ContainerSettings,
  OpenCatalog,
  QuarantinedVersion,
  ServingExtension,
  ToldExtension,
} from "../../../../sandboxd/cache/catalog.ts";
import type { Files } from "../../../../sandboxd/cache/disk.ts";
import { openCatalog } from "../../../../sandboxd/cache/open.ts";

export const position = { historyId: "h1", revision: 7n };
export const refusal = {
  reason: "threw",
  message: "index.ts:1:1: no",
  file: "index.ts",
  line: 1,
  column: 1,
};

export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "annex-cache-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens the catalog of a folder, saying its warnings into `warnings`. */
export function openIn(
  folder: string,
  options: {
    files?: Files;
    warnings?: string[];
    maxInlineBuilds?: number;
    now?: () => number;
  } = {},
): Promise<OpenCatalog> {
  const { warnings = [], now = () => 1_000_000, ...rest } = options;
  const say = (_fields: object, message: string) => void warnings.push(message);
  return openCatalog({ folder, now, log: { warn: say, error: say }, ...rest });
}

/** All but the revision: what is told again unchanged is not written again. */
export function contentOf(extension: ServingExtension | undefined): unknown {
  return extension && { ...extension, position: undefined };
}

export type Overrides = Partial<ToldExtension> & {
  code?: string;
  number?: number;
};

export function extensionOf(overrides: Overrides = {}): ToldExtension {
  const { extension = "hello", number = 1, ...rest } = overrides;
  const { code = `code of ${extension}`, ...fields } = rest;
  return {
    container: "acme",
    extension,
    enabled: true,
    version: {
      number,
      digest: digestOf(code),
      runtime: "2026.1",
      bundleBytes: Buffer.byteLength(code),
    },
    points: [],
    secrets: {},
    meta: {},
    quarantineReleases: 0,
    position,
    ...fields,
  };
}

/** Stores an extension and the bundle it needs. */
export async function publish(
  catalog: OpenCatalog,
  overrides: Overrides = {},
): Promise<ToldExtension> {
  const extension = extensionOf(overrides);
  const code = overrides.code ?? `code of ${extension.extension}`;
  await catalog.putBundle(
    extension.version.digest,
    Buffer.from(code),
    Buffer.from("{}"),
  );
  await catalog.putExtension(extension);
  return extension;
}

/** Takes the version of the extension out of service that `publish` has put there. */
export async function quarantine(
  catalog: OpenCatalog,
  { container, extension, version, quarantineReleases }: ToldExtension,
): Promise<QuarantinedVersion> {
  const { number, digest } = version;
  const quarantined = {
    container,
    extension,
    version: { number, digest },
    message: "it ended 5 executors",
    quarantineReleases,
  };
  await catalog.putQuarantined(quarantined);
  return quarantined;
}

/** Settings of a container of which nothing else is said. */
export function settingsOf(
  container: string,
  overrides: Partial<Omit<ContainerSettings, "limits">> & {
    limits?: Partial<ContainerLimits>;
  } = {},
): ContainerSettings {
  return {
    container,
    labels: {},
    trustGroup: "",
    egress: { allow: [], deny: [] },
    ...overrides,
    limits: { ...noLimits, ...overrides.limits },
  };
}

const noLimits: ContainerLimits = {
  heapMb: 0,
  memoryMb: 0,
  cpuPercent: 0,
  cpuMs: 0,
  syncMs: 0,
  wallMs: 0,
  maxRunningCalls: 0,
  maxQueuedCalls: 0,
  maxExecutors: 0,
  maxEgressRequests: 0,
  maxEgressBytes: 0,
  egressMs: 0,
  egressBytesPerSecond: 0,
};

export async function refuse(catalog: OpenCatalog): Promise<void> {
  const { container, extension, version } = extensionOf({
    extension: "victim",
  });
  await catalog.putRefused({
    container,
    extension,
    version: { ...version, number: 2 },
    refusal,
    environmentDigest: "e",
    position,
  });
}

export function digestOf(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

export function succeeds(promise: Promise<void>): Promise<boolean> {
  return promise.then(
    () => true,
    () => false,
  );
}
