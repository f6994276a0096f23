/** Executors that serve the same versions: which one is the least used, and when another is started. */
import { tooMany, type LoadableVersion } from "./call.ts";
import type { CallFailure } from "../../proto/errors.ts";
import { Executor } from "./executor.ts";

export interface LaneOptions {
  maxExecutors: () => number;
  /** One that suits the version whose call wants it. */
  take: (version: LoadableVersion) => Promise<Executor | CallFailure>;
  /** One has joined the lane. */
  adopted: (executor: Executor) => void;
  /** It takes no more calls. */
  isTooOld: (executor: Executor) => boolean;
}

/** A call that finds even the least used executor stalled, or with this many open, starts another. */
const crowdedCalls = 32;

export class Lane {
  readonly #options: LaneOptions;
  readonly executors = new Set<Executor>();
  #starting: Promise<Executor | CallFailure> | undefined;
  #closed: ((late: Executor) => void) | undefined;

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  get isStarting(): boolean {
    return this.#starting !== undefined;
  }

  /** The least used; the next to come where there is none. */
  acquire(
    version: LoadableVersion,
  ): Executor | Promise<Executor | CallFailure> {
    const picked = this.#pick(version);
    if (picked) return picked;
    // Those that are too old for another call count too. One more may take their place while they end what they have.
    const value = this.#options.maxExecutors() + 1;
    const observed = this.#aliveCount + 1;
    if (observed <= value || this.#starting) return this.#start(version);
    const limit = { name: "container_executors", value, observed };
    return Promise.resolve(tooMany(limit));
  }

  /** Whoever comes from now on is handed to somebody else. */
  close(late: (executor: Executor) => void): void {
    this.#closed = late;
    this.executors.clear();
  }

  #pick(version: LoadableVersion): Executor | undefined {
    let best: Executor | undefined;
    for (const executor of this.executors) {
      if (!executor.isAlive || this.#options.isTooOld(executor)) continue;
      if (!best || executor.openCalls < best.openCalls) best = executor;
    }
    if (best && (best.isStalled || best.openCalls >= crowdedCalls))
      this.#grow(version);
    return best;
  }

  /** Those that are being ended are not for much longer. */
  get #aliveCount(): number {
    return [...this.executors].filter(({ isAlive }) => isAlive).length;
  }

  /** Starts another executor for the calls to come, if there may be one. */
  #grow(version: LoadableVersion): void {
    if (this.#starting || this.#aliveCount >= this.#options.maxExecutors())
      return;
    this.#start(version).catch(() => undefined); // the calls at hand have an executor
  }

  #start(version: LoadableVersion): Promise<Executor | CallFailure> {
    this.#starting ??= this.#options
      .take(version)
      .then((taken) => (taken instanceof Executor ? this.#adopt(taken) : taken))
      .finally(() => {
        this.#starting = undefined;
      });
    return this.#starting;
  }

  #adopt(executor: Executor): Executor {
    if (this.#closed) this.#closed(executor);
    else this.executors.add(executor);
    this.#options.adopted(executor);
    return executor;
  }
}
