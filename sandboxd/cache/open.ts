/** Opens the catalog from its folder: what is whole is served at once, what is damaged is dropped and asked for again. */
import { Bundles, bundlesFolder } from "./bundles.ts";
import {
  CachedCatalog,
  type CatalogLog,
  type CatalogState,
} from "./cached-catalog.ts";
import type {
  OpenCatalog,
  PlatformEgress,
  Position,
  PublicKeys,
  QuarantinedVersion,
  RefusedVersion,
  RevokedToken,
  ServingExtension,
} from "./catalog.ts";
import { Disk, type Files } from "./disk.ts";
import {
  completeContainer,
  completeExtension,
  type ContainerRecord,
  type ExtensionRecord,
} from "./former.ts";
import { InlineBuilds, inlineFolder } from "./inline.ts";
import { egressInPlaceOfLost, settingsInPlaceOfLost } from "./lost.ts";
import {
  type FoundRecord,
  readRecord,
  readRecords,
  recordFiles,
  recordFolders,
} from "./records.ts";
import type { PointRecord } from "./settings.ts";

// More is checked when it is first read: a host must not wait long for its own disk before it serves.
const checkedAtStartBytes = 128 * 1024 * 1024;
const checksAtOnce = 8;

/** Opens the catalog in this folder, which it creates and of which it is the only user. */
export async function openCatalog(options: {
  folder: string;
  now: () => number;
  log: CatalogLog;
  files?: Files;
  /** How many inline builds are kept. */
  maxInlineBuilds?: number;
}): Promise<OpenCatalog> {
  const { now, log } = options;
  const folders = [...recordFolders, bundlesFolder, inlineFolder];
  const disk = await Disk.open(options.folder, folders, options.files);
  const bundles = await Bundles.open(disk);
  const inline = await InlineBuilds.open(disk, now, options.maxInlineBuilds);
  const { state, damaged } = await readState(disk, bundles);
  const catalog = new CachedCatalog({ disk, bundles, inline, now, log, state });
  if (damaged.length > 0) await dropDamaged(catalog, disk, damaged, log);
  await catalog.collectBundles();
  return catalog;
}

/** Reads every entry and tells the files of those that cannot be served. */
async function readState(
  disk: Disk,
  bundles: Bundles,
): Promise<{ state: CatalogState; damaged: string[] }> {
  const damaged: string[] = [];
  const whole = <T>(found: readonly FoundRecord<T>[]): T[] => {
    damaged.push(
      ...found.filter((one) => !("value" in one)).map((one) => one.file),
    );
    return found.flatMap((one) => ("value" in one ? [one.value] : []));
  };
  const one = async <T>(file: string): Promise<T | undefined> =>
    whole(await readRecord<T>(disk, file))[0];
  const extensions = whole(
    await readRecords<ExtensionRecord>(disk, "extensions"),
  ).map(completeExtension);
  const unreadable = await withoutBundle(extensions, bundles);
  damaged.push(
    ...[...unreadable].map((extension) =>
      recordFiles.extension(extension.container, extension.extension),
    ),
  );
  const state: CatalogState = {
    extensions: extensions.filter((extension) => !unreadable.has(extension)),
    refused: whole(await readRecords<RefusedVersion>(disk, "refused")),
    quarantined: whole(
      await readRecords<QuarantinedVersion>(disk, "quarantined"),
    ),
    containers: whole(
      await readRecords<ContainerRecord>(disk, "containers"),
    ).map(completeContainer),
    points: whole(await readRecords<PointRecord>(disk, "points")),
    egress: await one<PlatformEgress>(recordFiles.egress),
    keys: await one<PublicKeys>(recordFiles.keys),
    revocations: await one<RevokedToken[]>(recordFiles.revocations),
    position: await one<Position>(recordFiles.position),
  };
  // The history is followed, and another refused, even where the file that says so is lost.
  const historyId =
    state.position?.historyId ?? extensions[0]?.position.historyId;
  if (damaged.length > 0 && historyId !== undefined)
    state.position = { historyId, revision: 0n };
  return { state: withoutGaps(state), damaged };
}

/** While everything must be told again, a container or egress without a record may be one whose record is lost. */
function withoutGaps(state: CatalogState): CatalogState {
  if (state.position?.revision !== 0n) return state;
  const { extensions, containers, egress } = state;
  const inPlace = settingsInPlaceOfLost(extensions, containers);
  return {
    ...state,
    containers: [...containers, ...inPlace],
    egress: egress ?? egressInPlaceOfLost,
  };
}

/** The extensions whose bundle is gone or damaged, as far as that can be told quickly. */
async function withoutBundle(
  extensions: readonly ServingExtension[],
  bundles: Bundles,
): Promise<Set<ServingExtension>> {
  const unreadable = new Set<ServingExtension>();
  const queue = extensions.values();
  let checkedBytes = 0;
  const checkSome = async (): Promise<void> => {
    for (const extension of queue) {
      const { digest, bundleBytes } = extension.version;
      checkedBytes += bundleBytes;
      const isWhole =
        checkedBytes > checkedAtStartBytes
          ? bundles.has(digest)
          : await bundles.read(digest).then(
              () => true,
              () => false,
            );
      if (!isWhole) unreadable.add(extension);
    }
  };
  await Promise.all(Array.from({ length: checksAtOnce }, checkSome));
  return unreadable;
}

/** The position is lowered first: were the files removed first, a crash would hide that something is missing. */
async function dropDamaged(
  catalog: CachedCatalog,
  disk: Disk,
  damaged: readonly string[],
  log: CatalogLog,
): Promise<void> {
  for (const file of damaged)
    log.warn({ file }, "damaged cache entry dropped; it will be fetched again");
  const isLowered = await catalog.forgetPosition(damaged.length);
  if (!isLowered) return;
  for (const file of damaged)
    await disk.remove(file).catch((error: unknown) => {
      log.warn({ file, err: error }, "damaged cache entry cannot be removed");
    });
}
