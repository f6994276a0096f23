/** The versions of one executor: those that are ready in it, and those being loaded. */
import type { LoadFailure } from "../protocol.ts";
import type { LoadableVersion } from "./call.ts";

export interface HeldVersion {
  /** Among all that its executor holds, of whichever containers. */
  name: string;
  container: string;
  key: string;
  /** Resolves when the isolate is ready, or with why it is not. */
  loading: Promise<LoadFailure | undefined>;
  isReady: boolean;
  compileUs: number;
  openCalls: number;
  lastUsedMs: number;
  /** 0: never. */
  lastCalledMs: number;
  /** What the executor was last told, compared by identity. */
  secrets: LoadableVersion["secrets"];
  meta: LoadableVersion["meta"];
}

/** A version of a container. */
export type VersionName = Pick<LoadableVersion, "container" | "key">;

/** A version's name among those of all containers. */
export function nameOf({ container, key }: VersionName): string {
  return `${container}/${key}`;
}

export class HeldVersions {
  readonly #versions = new Map<string, HeldVersion>();

  get(name: string): HeldVersion | undefined {
    return this.#versions.get(name);
  }

  /** Notes a version that is about to be loaded. */
  add(version: LoadableVersion, nowMs: number): HeldVersion {
    const { container, key, secrets, meta } = version;
    const held: HeldVersion = {
      name: nameOf(version),
      container,
      key,
      loading: Promise.resolve(undefined),
      isReady: false,
      compileUs: 0,
      openCalls: 0,
      lastUsedMs: nowMs,
      lastCalledMs: 0,
      secrets,
      meta,
    };
    this.#versions.set(held.name, held);
    return held;
  }

  /** Drops it, unless another load has taken its place; tells whether it was there. */
  remove(held: HeldVersion): boolean {
    const { name } = held;
    return this.#versions.get(name) === held && this.#versions.delete(name);
  }

  get isLoading(): boolean {
    for (const { isReady } of this.#versions.values())
      if (!isReady) return true;
    return false;
  }

  /** All of them, in the order they were loaded. */
  all(): HeldVersion[] {
    return [...this.#versions.values()];
  }
}
