/**
 * Isolates made before a version needs one: a bare one, and one in which Node's library is loaded, so that a version which
 * uses nothing of it does not pay for it, and one that does waits for neither.
 */
import type { StartRequest } from "../protocol.ts";
import type { GuestIsolate } from "./isolate.ts";
import { rehearse } from "./rehearsal.ts";

export class Spares {
  #bare: GuestIsolate | undefined;
  #stocked: GuestIsolate | undefined;

  constructor(settings: StartRequest, make: () => GuestIsolate) {
    this.#bare = rehearse(make(), settings, false);
    this.#stocked = rehearse(make(), settings, true);
  }

  /** The one that suits the bundle, once; the other is let go when the caller is done. */
  take(bundle: string, heapLimitMb: number): GuestIsolate | undefined {
    const [wanted, other] = usesLibrary(bundle)
      ? [this.#stocked, this.#bare]
      : [this.#bare, this.#stocked];
    this.#bare = undefined;
    this.#stocked = undefined;
    if (other) setImmediate(() => other.dispose());
    if (wanted?.heapLimitMb === heapLimitMb && !wanted.isLost) return wanted;
    if (wanted) setImmediate(() => wanted.dispose());
    return undefined;
  }
}

/**
 * Names of what comes out of Node's library. One that is missed costs time at its first use and no more; so does one that
 * stands in a comment, in memory.
 */
const libraryNames =
  /\b(?:require|import|process|Buffer|crypto|performance|structuredClone|fetch|atob|btoa|navigator|Headers|Request|Response|FormData|Blob|File|DOMException|URL\w*|Text(?:En|De)coder\w*|Abort(?:Controller|Signal)|\w*(?:Event|EventTarget|Stream|Channel))\b/;

function usesLibrary(bundle: string): boolean {
  return libraryNames.test(bundle);
}
