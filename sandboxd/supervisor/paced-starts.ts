/**
 * Processes that nobody waits for are started one after another, a while after they were wished for. To start one blocks the
 * event loop, the longer the more memory this process has: 8 ms were measured, which the call that caused it would wait.
 */

/** From a wish, and from one start, to the next start. */
const restMs = 50;

export class PacedStarts {
  readonly #waiting = new Set<() => void>();
  #isResting = false;

  /** Calls `start` once, in a turn of its own; a wish that waits already is not doubled. */
  wish(start: () => void): void {
    this.#waiting.add(start);
    if (!this.#isResting) this.#rest();
  }

  /** It is no longer to be called. */
  forget(start: () => void): void {
    this.#waiting.delete(start);
  }

  #rest(): void {
    this.#isResting = true;
    setTimeout(() => {
      this.#isResting = false;
      const [start] = this.#waiting;
      if (!start) return;
      this.#waiting.delete(start);
      start();
      if (this.#waiting.size > 0 && !this.#isResting) this.#rest();
    }, restMs);
  }
}
