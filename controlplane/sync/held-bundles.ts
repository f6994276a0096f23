/** Which bundles a host has, as far as its stream can know. */
import type { ExtensionState } from "../domain/extension.ts";
import type { HostVersion } from "../domain/host.ts";

/** What Hello told and what was sent since; a host that lacks one after all refuses with `digest` and is sent it. */
export class HeldBundles {
  /** Versions as Hello told them; in one history a number names one build. */
  readonly #versions: Set<string>;
  readonly #digests = new Set<string>();

  constructor(held: HostVersion[]) {
    const whole = held.filter(({ state }) => state !== "refused");
    this.#versions = new Set(
      whole.map((one) => versionKey({ ...one, number: one.version })),
    );
  }

  /** The host told of versions of another history, where the same number may name another build. */
  distrust(): void {
    this.#versions.clear();
  }

  has(state: ExtensionState): boolean {
    const { version, ...name } = state;
    return (
      this.#digests.has(version.digest) ||
      this.#versions.has(versionKey({ ...name, number: version.number }))
    );
  }

  add(digest: string): void {
    this.#digests.add(digest);
  }

  /** The host says that it has it not. */
  forget(state: ExtensionState): void {
    const { version, ...name } = state;
    this.#digests.delete(version.digest);
    this.#versions.delete(versionKey({ ...name, number: version.number }));
  }
}

function versionKey(version: {
  container: string;
  extension: string;
  number: number;
}): string {
  return `${version.container}/${version.extension}/${version.number}`;
}
