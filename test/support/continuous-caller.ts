/** A service that never stops calling: what it sees while others publish is the promise of a publish. */
import type {
  Annex,
  InvokeOptions,
  Outcome,
} from "../../clients/node/index.ts";

/** What a continuous caller has seen. */
export interface Seen {
  /** Versions in the order of their answers, each once for as long as it answered. */
  versions: number[];
  calls: number;
  cold: number;
  /** Outcomes that are no results, and errors. */
  faults: unknown[];
}

/** Calls one after the other until stopped. */
export function keepCalling(
  client: Annex,
  options: InvokeOptions,
): { seen: Seen; stop(): Promise<Seen> } {
  const seen: Seen = { versions: [], calls: 0, cold: 0, faults: [] };
  const over = new AbortController();
  const calling = (async () => {
    while (!over.signal.aborted) {
      try {
        note(seen, await client.invoke(options));
      } catch (error) {
        seen.faults.push(error);
        return; // one is too many already
      }
    }
  })();
  return {
    seen,
    async stop() {
      over.abort();
      await calling;
      return seen;
    },
  };
}

function note(seen: Seen, outcome: Outcome): void {
  seen.calls += 1;
  if (outcome.cold) seen.cold += 1;
  if (outcome.kind !== "result") seen.faults.push(outcome);
  else if (seen.versions.at(-1) !== outcome.version)
    seen.versions.push(outcome.version);
}
