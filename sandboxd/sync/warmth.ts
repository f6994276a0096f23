/** Which versions have an isolate ready, as the supervisor reports it: the one state that no disk knows. */
import { HeldState } from "../../proto/gen/annex/sync/v1/sync.ts";
import { extensionKey } from "./messages.ts";

/** The warm versions of this host. */
export class Warmth {
  readonly #versions = new Map<string, number>();

  /** Notes that a version became warm, or is no longer. */
  note(
    { container, extension }: { container: string; extension: string },
    version: number,
    isWarm: boolean,
  ): void {
    const key = extensionKey(container, extension);
    if (isWarm) this.#versions.set(key, version);
    else if (this.#versions.get(key) === version) this.#versions.delete(key);
  }

  /** How far the host is with a version that it serves. */
  stateOf(
    { container, extension }: { container: string; extension: string },
    version: number,
  ): HeldState {
    const warm = this.#versions.get(extensionKey(container, extension));
    return warm === version ? HeldState.WARM : HeldState.COMPILED;
  }
}
