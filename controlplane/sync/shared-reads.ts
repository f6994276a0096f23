/** After a commit every host's stream asks the store the same questions at the same moment: each is asked once. */
import { LRUCache } from "lru-cache";
import { heldKeyOf } from "../domain/host.ts";
import type { SyncStore } from "./subscriber.ts";

/** An answer is good until the next commit; it is let go sooner, for it may be large and hold secrets. */
const keptMs = 1_000;
const maxKept = 1_000;

/** The store as many streams may ask it. */
export function sharedReads(store: SyncStore): SyncStore {
  const changes = answers<ReturnType<SyncStore["changes"]["read"]>>();
  const containers = answers<ReturnType<SyncStore["containers"]["find"]>>();
  const points = answers<ReturnType<SyncStore["points"]["find"]>>();
  const egress = answers<ReturnType<SyncStore["egress"]["readState"]>>();
  const states = answers<ReturnType<SyncStore["extensions"]["readState"]>>();
  // The first to listen, so that nobody who is told of a commit reads what was true before it.
  store.changes.onChange(() => {
    for (const kept of [changes, containers, points, egress, states])
      kept.clear();
  });
  return {
    changes: {
      parentHistoryId: () => store.changes.parentHistoryId(),
      onChange: (listener) => store.changes.onChange(listener),
      async read(since, filter) {
        const key = since ? `${since.historyId}/${since.revision}` : "";
        const all = await once(changes, key, () =>
          store.changes.read(since, () => true),
        );
        return {
          ...all,
          changes: all.changes.filter(({ resource }) => filter(resource)),
        };
      },
    },
    containers: {
      find: (name) => once(containers, name, () => store.containers.find(name)),
    },
    points: {
      find: (name) => once(points, name, () => store.points.find(name)),
    },
    egress: {
      readState: () => once(egress, "", () => store.egress.readState()),
    },
    extensions: {
      readState: (name) =>
        once(states, heldKeyOf(name), () => store.extensions.readState(name)),
    },
    tokens: store.tokens,
  };
}

type Answers<Answer extends Promise<unknown>> = LRUCache<string, Answer>;

function answers<Answer extends Promise<unknown>>(): Answers<Answer> {
  return new LRUCache<string, Answer>({
    max: maxKept,
    ttl: keptMs,
    ttlAutopurge: true,
  });
}

function once<Answer extends Promise<unknown>>(
  kept: Answers<Answer>,
  key: string,
  ask: () => Answer,
): Answer {
  const known = kept.get(key);
  if (known) return known;
  const asked = ask();
  kept.set(key, asked);
  // Who asked hears of the failure; the next shall ask anew.
  asked.catch(() => kept.delete(key));
  return asked;
}
