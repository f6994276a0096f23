/** What one stream has told, and at which revision: so that the host never goes backwards, and a resync drops the rest. */
import type { HistoryPosition, SyncCatalog } from "./dependencies.ts";
import { containerKey, egressKey, extensionKey, pointKey } from "./messages.ts";

/** Removes what a resync has not named; each is told by the key of its resource. */
export interface Drops {
  extension(key: string, container: string, name: string): void;
  container(key: string, name: string): void;
  point(key: string, name: string): void;
  egress(key: string): void;
}

/** The resources a stream has named. */
export class Told {
  readonly #catalog: SyncCatalog;
  readonly #revisions = new Map<string, bigint>();

  constructor(catalog: SyncCatalog) {
    this.#catalog = catalog;
  }

  /** Notes that a resource was named. */
  note(key: string, revision: bigint): void {
    const before = this.#revisions.get(key) ?? 0n;
    this.#revisions.set(key, revision > before ? revision : before);
  }

  /**
   * Whether the host knows something later of this resource. In a resync the host's own position says nothing: it may
   * have kept less than it believes.
   */
  isStale(
    key: string,
    { historyId, revision }: HistoryPosition,
    about: {
      names?: { container: string; extension: string } | undefined;
      isResync: boolean;
    },
  ): boolean {
    const told = this.#revisions.get(key);
    if (told !== undefined && revision < told) return true;
    const { names, isResync } = about;
    const entry =
      names && this.#catalog.extension(names.container, names.extension);
    const known = [
      entry?.position,
      isResync ? undefined : this.#catalog.position(),
    ];
    return known.some(
      (one) => one?.historyId === historyId && revision < one.revision,
    );
  }

  /** Drops everything the host has that was not told. */
  dropRest(drops: Drops): void {
    const catalog = this.#catalog;
    const extensions = new Map(
      [...catalog.extensions(), ...catalog.held()].map((one) => [
        extensionKey(one.container, one.extension),
        one,
      ]),
    );
    for (const [key, { container, extension }] of extensions)
      if (!this.#revisions.has(key)) drops.extension(key, container, extension);
    for (const name of catalog.containers()) {
      const key = containerKey(name);
      if (!this.#revisions.has(key)) drops.container(key, name);
    }
    for (const name of catalog.points()) {
      const key = pointKey(name);
      if (!this.#revisions.has(key)) drops.point(key, name);
    }
    if (!this.#revisions.has(egressKey)) drops.egress(egressKey);
  }
}
