/** Turns at what few may do at once: given to containers one after the other, however many of its own each has waiting. */
import { isFair } from "./share.ts";

export interface TurnsOptions {
  max: number;
  maxPerContainer: number;
  /** What each container may have at once, as long as there is any. */
  least: number;
}

interface Line {
  taken: number;
  /** What gives each its turn, in the order of asking. */
  readonly waiting: Set<() => void>;
}

export class Turns {
  readonly #options: TurnsOptions;
  /** Of containers that have or want turns; who was given one last comes last. */
  readonly #lines = new Map<string, Line>();
  #taken = 0;
  #takers = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Waits for a turn, and gives what ends it; rejects when the signal is raised before. */
  async take(container: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const line = this.#lines.get(container) ?? { taken: 0, waiting: new Set() };
    this.#lines.set(container, line);
    const { promise, resolve } = Promise.withResolvers<void>();
    const settle = () => resolve();
    line.waiting.add(settle);
    signal.addEventListener("abort", settle);
    this.#give();
    await promise;
    signal.removeEventListener("abort", settle);
    if (!line.waiting.delete(settle)) return this.#end(container, line);
    this.#tidy(container, line);
    throw signal.reason;
  }

  /** Gives every turn that can be given: whoever is given one goes to the end, where the loop comes by again. */
  #give(): void {
    for (const [container, line] of this.#lines) {
      const [next] = line.waiting;
      if (!next || !this.#mayTake(line)) continue;
      this.#lines.delete(container);
      this.#lines.set(container, line);
      line.waiting.delete(next);
      if (line.taken === 0) this.#takers += 1;
      line.taken += 1;
      this.#taken += 1;
      next();
    }
  }

  #mayTake({ taken }: Line): boolean {
    const { max, maxPerContainer, least } = this.#options;
    const takers = this.#takers + (taken === 0 ? 1 : 0);
    const shared = { max, taken: this.#taken, takers, least };
    return taken < maxPerContainer && isFair(shared, taken, 1);
  }

  #end(container: string, line: Line): () => void {
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      line.taken -= 1;
      this.#taken -= 1;
      if (line.taken === 0) this.#takers -= 1;
      this.#tidy(container, line);
      this.#give();
    };
  }

  #tidy(container: string, line: Line): void {
    if (line.taken === 0 && line.waiting.size === 0)
      this.#lines.delete(container);
  }
}
