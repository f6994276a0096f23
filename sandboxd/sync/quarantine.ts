/** What a state of an extension says of the versions of it that are quarantined here. */
import type {
  ExtensionEntry,
  QuarantinedEntry,
  SyncDependencies,
} from "./dependencies.ts";

type Dependencies = Pick<SyncDependencies, "catalog" | "log">;

/** The changes due: what was quarantined under a smaller number of releases may run again. */
export function releaseQuarantines(
  next: ExtensionEntry,
  { catalog, log }: Dependencies,
): (() => Promise<void>)[] {
  const { container, extension } = next;
  return catalog.quarantines(container, extension).flatMap((one) => {
    const { digest, number } = one.version;
    if (next.quarantineReleases > one.quarantineReleases)
      log.info(
        { container, extension, version: number },
        "quarantine released",
      );
    else if (!isNumberTaken(one, next)) {
      const renamed = inHistoryOf(one, next);
      return renamed === one ? [] : [() => catalog.putQuarantined(renamed)];
    }
    return [() => catalog.removeQuarantined(container, extension, digest)];
  });
}

/** In a restored history the number may name another build. */
function isNumberTaken(
  { version }: QuarantinedEntry,
  next: ExtensionEntry,
): boolean {
  return (
    version.number === next.version.number &&
    version.digest !== next.version.digest
  );
}

/** In a restored history the same build may have another number, and releases are counted from an earlier one. */
function inHistoryOf(
  one: QuarantinedEntry,
  next: ExtensionEntry,
): QuarantinedEntry {
  const { digest, number } = next.version;
  const isRenumbered =
    one.version.digest === digest && one.version.number !== number;
  const isAhead = one.quarantineReleases > next.quarantineReleases;
  if (!isRenumbered && !isAhead) return one;
  return {
    ...one,
    version: isRenumbered ? { digest, number } : one.version,
    quarantineReleases: Math.min(
      one.quarantineReleases,
      next.quarantineReleases,
    ),
  };
}
