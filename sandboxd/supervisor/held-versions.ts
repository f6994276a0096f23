/** The versions of one executor: those that are ready in it, and those being loaded. */
import type { LoadFailure } from "../protocol.ts";
import type { LoadableVersion } from "./call.ts";

export interface HeldVersion {
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

/** A version that an executor has ready. */
export interface ReadyVersion {
  key: string;
  /** No call uses it. */
  isIdle: boolean;
  /** When it was loaded, or its last call ended. */
  lastUsedMs: number;
  /** When a call was last sent to it; 0: never. */
  lastCalledMs: number;
}

export class HeldVersions {
  readonly #versions = new Map<string, HeldVersion>();

  get(key: string): HeldVersion | undefined {
    return this.#versions.get(key);
  }

  /** Notes a version that is about to be loaded. */
  add({ key, secrets, meta }: LoadableVersion, nowMs: number): HeldVersion {
    const held: HeldVersion = {
      loading: Promise.resolve(undefined),
      isReady: false,
      compileUs: 0,
      openCalls: 0,
      lastUsedMs: nowMs,
      lastCalledMs: 0,
      secrets,
      meta,
    };
    this.#versions.set(key, held);
    return held;
  }

  /** Drops it, unless another load has taken its place; tells whether it was there. */
  remove(key: string, held: HeldVersion): boolean {
    return this.#versions.get(key) === held && this.#versions.delete(key);
  }

  get isLoading(): boolean {
    for (const { isReady } of this.#versions.values())
      if (!isReady) return true;
    return false;
  }

  /** All of them, by key. */
  entries(): [key: string, held: HeldVersion][] {
    return [...this.#versions];
  }

  /** The keys of this prefix. */
  keys(prefix: string): string[] {
    return [...this.#versions.keys()].filter((key) => key.startsWith(prefix));
  }

  /** Those that are ready, in the order they were loaded. */
  ready(): ReadyVersion[] {
    return [...this.#versions]
      .filter(([, held]) => held.isReady)
      .map(([key, { openCalls, lastUsedMs, lastCalledMs }]) => ({
        key,
        isIdle: openCalls === 0,
        lastUsedMs,
        lastCalledMs,
      }));
  }
}
