/** The names that are not what a host was last sent, in the order in which they are to be sent. */
import type { Change, Resource } from "../domain/history.ts";
import type { InFlight } from "./in-flight.ts";
import type { NextPush } from "./push.ts";

/** Each name once. What hosts verify and admit by comes first and waits for no answer to anything else. */
export class Pending {
  readonly #urgent = new Map<string, Change>();
  readonly #extensions = new Map<string, Change>();
  /** Extensions for whose bundle there was no room. */
  readonly #held = new Map<string, Change>();

  get size(): number {
    return this.#urgent.size + this.#extensions.size + this.#held.size;
  }

  has(name: string): boolean {
    return this.#queues().some((queue) => queue.has(name));
  }

  /** A name that has changed is looked at anew: what waited for its bundle may need none now. */
  add(change: Change): void {
    this.#held.delete(change.name);
    const { kind } = change.resource;
    const queue = kind === "extension" ? this.#extensions : this.#urgent;
    queue.set(change.name, change);
  }

  /** Until there is room for a bundle. */
  hold(change: Change): void {
    this.#held.set(change.name, change);
  }

  /** Takes the next that may be sent now; bundles that wait go before later ones, and after all that needs none. */
  next(inFlight: InFlight): NextPush | undefined {
    const { hasRoom, hasRoomForBundle } = inFlight;
    const change =
      takeFrom(this.#urgent, inFlight) ??
      (hasRoom ? takeFrom(this.#extensions, inFlight) : undefined);
    if (change) {
      const mayHaveBundle = hasRoomForBundle && this.#held.size === 0;
      return { change, mayHaveBundle };
    }
    if (!hasRoomForBundle) return undefined;
    const held = takeFrom(this.#held, inFlight);
    return held && { change: held, mayHaveBundle: true };
  }

  #queues(): Map<string, Change>[] {
    return [this.#urgent, this.#extensions, this.#held];
  }
}

/** What a change brings into force before all others. */
export function byRank(a: Change, b: Change): number {
  return rankOf(a.resource) - rankOf(b.resource);
}

const ranks: Resource["kind"][] = [
  "keys",
  "revocations",
  "egress",
  "point",
  "container",
  "extension",
];

function rankOf({ kind }: Resource): number {
  return ranks.indexOf(kind);
}

function takeFrom(
  queue: Map<string, Change>,
  inFlight: InFlight,
): Change | undefined {
  for (const change of queue.values()) {
    // The host still works on what it was sent of it: what is true when it answers will be sent then.
    if (inFlight.has(change.name)) continue;
    queue.delete(change.name);
    return change;
  }
  return undefined;
}
