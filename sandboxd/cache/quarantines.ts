/** The versions this host has taken out of service, by extension. */
import type { QuarantinedVersion } from "./catalog.ts";

// The control plane remembers as many of a host.
const maxPerExtension = 8;
const none: readonly QuarantinedVersion[] = [];

/** Quarantined versions in memory, oldest first; lists are never changed, only replaced. */
export class Quarantines {
  readonly #extensions = new Map<string, readonly QuarantinedVersion[]>();

  constructor(found: Iterable<QuarantinedVersion>) {
    for (const one of found) this.put(one, undefined);
  }

  of(container: string, extension: string): readonly QuarantinedVersion[] {
    return this.#extensions.get(keyOf(container, extension)) ?? none;
  }

  get(
    container: string,
    extension: string,
    digest: string,
  ): QuarantinedVersion | undefined {
    return this.of(container, extension).find(
      ({ version }) => version.digest === digest,
    );
  }

  *all(): Generator<QuarantinedVersion> {
    for (const list of this.#extensions.values()) yield* list;
  }

  /** Adds one, or takes the place of that of its digest; gives the one forgotten for it: the oldest that does not serve. */
  put(
    quarantined: QuarantinedVersion,
    servingDigest: string | undefined,
  ): QuarantinedVersion | undefined {
    const { container, extension, version } = quarantined;
    const others = this.of(container, extension).filter(
      (one) => one.version.digest !== version.digest,
    );
    const forgotten =
      others.length < maxPerExtension
        ? undefined
        : others.find((one) => one.version.digest !== servingDigest);
    const kept = others.filter((one) => one !== forgotten);
    this.#set(container, extension, [...kept, quarantined]);
    return forgotten;
  }

  remove(container: string, extension: string, digest: string): boolean {
    const before = this.of(container, extension);
    const kept = before.filter(({ version }) => version.digest !== digest);
    this.#set(container, extension, kept);
    return kept.length < before.length;
  }

  removeAll(container: string, extension: string): void {
    this.#set(container, extension, none);
  }

  #set(
    container: string,
    extension: string,
    list: readonly QuarantinedVersion[],
  ): void {
    const key = keyOf(container, extension);
    if (list.length > 0) this.#extensions.set(key, list);
    else this.#extensions.delete(key);
  }
}

function keyOf(container: string, extension: string): string {
  return JSON.stringify([container, extension]);
}
