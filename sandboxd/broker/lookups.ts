/** Names looked up for containers: so many at once, for so long, and for none at the cost of others. */
import { orAborted } from "./abortable.ts";
import type { Query, RecordKind, Resolve } from "./resolve.ts";
import { Turns } from "./turns.ts";

export interface Lookup {
  container: string;
  name: string;
  /** The platform opened the name: the system is asked. */
  isInternal: boolean;
}

/** Of one look-up, its wait for a turn included. */
const lookupMs = 5000;
const queries = { max: 512, maxPerContainer: 64, least: 4 };
/** Each holds one of the process's four threads until the system answers; the others decompress bodies meanwhile. */
const threads = { max: 2, maxPerContainer: 1, least: 1 };

export class Lookups {
  readonly #resolve: Resolve;
  readonly #query: Query;
  readonly #queries = new Turns(queries);
  readonly #threads = new Turns(threads);

  constructor(resolve: Resolve, query: Query) {
    this.#resolve = resolve;
    this.#query = query;
  }

  /** All addresses of a name. */
  find(lookup: Lookup, signal: AbortSignal): Promise<string[]> {
    const { container, name, isInternal } = lookup;
    const turns = isInternal ? this.#threads : this.#queries;
    const look = () => this.#resolve(name, isInternal);
    return this.#inTurn(turns, container, look, signal);
  }

  /** The records of one kind that a name server has of a name. */
  records(
    { container, name }: Omit<Lookup, "isInternal">,
    kind: RecordKind,
    signal: AbortSignal,
  ): Promise<unknown> {
    const look = () => this.#query(name, kind);
    return this.#inTurn(this.#queries, container, look, signal);
  }

  /** A look-up keeps its turn until it is answered, also when nobody waits for it any more. */
  async #inTurn<Found>(
    turns: Turns,
    container: string,
    look: () => Promise<Found>,
    signal: AbortSignal,
  ): Promise<Found> {
    const controller = new AbortController();
    const timer = setTimeout(
      () => controller.abort(new LookupTimedOut()),
      lookupMs,
    );
    const either = AbortSignal.any([signal, controller.signal]);
    try {
      const end = await turns.take(container, either);
      const found = look().finally(end);
      return await orAborted(found, either);
    } finally {
      clearTimeout(timer);
    }
  }
}

class LookupTimedOut extends Error {
  readonly code = "ETIMEOUT";
}
