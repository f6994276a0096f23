/** What runs in place of a quarantined version: the one that served before it, where it may. */
import type {
  QuarantinedVersion,
  ServedVersion,
  ServingExtension,
  ToldExtension,
} from "./catalog.ts";

/** An extension as it is on disk: a quarantine has a record of its own. */
export function recordOf(
  told: ToldExtension,
  lastGood: ServedVersion | undefined,
): ServingExtension {
  return {
    container: told.container,
    extension: told.extension,
    enabled: told.enabled,
    version: told.version,
    points: told.points,
    secrets: told.secrets,
    meta: told.meta,
    quarantineReleases: told.quarantineReleases,
    position: told.position,
    ...(lastGood && { lastGood }),
  };
}

/** What served until now, for the day the next version is quarantined; never one that is so itself. */
export function lastGoodFor(
  next: ToldExtension,
  before: ServingExtension | undefined,
): ServedVersion | undefined {
  if (before?.version.digest === next.version.digest) return before.lastGood;
  const served = before?.quarantine ? before.lastGood : before?.version;
  return served?.digest === next.version.digest ? undefined : served;
}

/** The extension with what a quarantine means for calls, if its version is in one. */
export function marked(
  extension: ServingExtension,
  known: {
    quarantined: (digest: string) => QuarantinedVersion | undefined;
    hasBundle: (digest: string) => boolean;
  },
): ServingExtension {
  const { version, lastGood } = extension;
  const record = recordOf(extension, lastGood);
  const quarantined = known.quarantined(version.digest);
  if (!quarantined) return record;
  const { message } = quarantined;
  const mayStandIn =
    lastGood &&
    !known.quarantined(lastGood.digest) &&
    known.hasBundle(lastGood.digest);
  if (!mayStandIn) return { ...record, quarantine: { message } };
  const standIn = { ...record, version: lastGood };
  return { ...record, quarantine: { message, standIn } };
}
