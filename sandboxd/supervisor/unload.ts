/** Which versions of an extension need not stay loaded beside a later one. */
import { inlinePrefix } from "./call.ts";
import type { Executor } from "./executor.ts";
import type { VersionName } from "./held-versions.ts";

/**
 * Unloads, where no call uses them, versions that a later loaded one of the same extension has taken over from. Loaded is
 * not enough: until it serves, calls go to the one before, which must not be cold for them.
 */
export function unloadTakenOver(executor: Executor): void {
  const versions = executor.versions().filter(({ isReady }) => isReady);
  if (versions.length < 2) return;
  for (const [index, version] of versions.entries()) {
    const { key, openCalls, lastCalledMs } = version;
    if (openCalls > 0 || key.startsWith(inlinePrefix)) continue;
    const isTakenOver = versions
      .slice(index + 1)
      .some(
        (later) =>
          later.lastCalledMs > lastCalledMs && isSameExtension(later, version),
      );
    if (isTakenOver) executor.unload(version);
  }
}

/** While nobody calls, one version waits beside the one that serves, and no more. */
export function unloadBefore(
  executor: Executor,
  next: VersionName,
  present: string,
): void {
  for (const version of executor.versions()) {
    const isOther = version.key !== next.key && version.key !== present;
    if (isOther && isSameExtension(version, next)) executor.unload(version);
  }
}

function isSameExtension(a: VersionName, b: VersionName): boolean {
  return a.container === b.container && extensionOf(a) === extensionOf(b);
}

function extensionOf({ key }: VersionName): string {
  return key.slice(0, key.lastIndexOf("@"));
}
