/** Work in lanes: of one resource in order, of different resources at once, and what is out of date is never begun. */

/** What became of a piece of work. */
export type Turn<T> = { ran: true; result: T } | { ran: false };

interface Waiting<T> {
  run: () => Promise<T>;
  turn: PromiseWithResolvers<Turn<T>>;
  /** Those whose place it took; they end with it. */
  superseded: Waiting<T>[];
}

interface Lane<T> {
  waiting: Waiting<T> | undefined;
}

/** A lane for each key. In a lane one piece of work runs and at most one waits: the latest. */
export class Lanes<T> {
  readonly #lanes = new Map<string, Lane<T>>();
  readonly #open = new Set<Promise<unknown>>();

  /** Runs the work when the lane is free. `ran` is false where later work took its place, and has ended by then. */
  submit(key: string, run: () => Promise<T>): Promise<Turn<T>> {
    const work: Waiting<T> = {
      run,
      turn: Promise.withResolvers(),
      superseded: [],
    };
    const lane = this.#lanes.get(key);
    if (lane) replaceWaiting(lane, work);
    else void this.#drive(key, { waiting: work }); // never rejects: each turn has its own outcome
    return this.#track(work.turn.promise);
  }

  /** Resolves when everything submitted so far has ended, and not later. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#open);
  }

  async #drive(key: string, lane: Lane<T>): Promise<void> {
    this.#lanes.set(key, lane);
    for (let work = lane.waiting; work; work = lane.waiting) {
      lane.waiting = undefined;
      await runOne(work);
    }
    this.#lanes.delete(key);
  }

  #track(turn: Promise<Turn<T>>): Promise<Turn<T>> {
    const tracked = turn.finally(() => this.#open.delete(tracked));
    this.#open.add(tracked);
    return tracked;
  }
}

function replaceWaiting<T>(lane: Lane<T>, work: Waiting<T>): void {
  if (lane.waiting)
    work.superseded.push(...lane.waiting.superseded, lane.waiting);
  lane.waiting = work;
}

async function runOne<T>(work: Waiting<T>): Promise<void> {
  try {
    work.turn.resolve({ ran: true, result: await work.run() });
  } catch (error) {
    work.turn.reject(error);
  }
  for (const { turn } of work.superseded) turn.resolve({ ran: false });
}
