/**
 * How much the streams of a host may take from their carriers before the event loop comes round to others: what one turn
 * of the loop takes is shared by those that have more, so that its length does not grow with their number.
 */

/** Messages, and bytes of their payloads, of all streams in one turn of the loop: about half a millisecond of it. */
const messagesPerLoopTurn = 16;
const bytesPerLoopTurn = 256 * 1024;
/** How long a stream rests for each call it had refused: refusing costs the host as much as a call costs its caller. */
const restPerRefusalMs = 0.5;
const maxRestMs = 10;

/** Shared by all streams of a host. */
export class Portions {
  #resting = 0;

  /** The portions of one stream; `pause` and `resume` are its carrier's. */
  open(carrier: { pause(): void; resume(): void }): Portion {
    return new Portion(carrier, this);
  }

  /** Of a stream that takes its portion in this turn, beside those that have had theirs. */
  get shareOfTurn(): number {
    return 1 / (this.#resting + 1);
  }

  restBegins(): void {
    this.#resting++;
  }

  restEnds(): void {
    this.#resting--;
  }
}

/** What one stream takes. */
export class Portion {
  readonly #carrier: { pause(): void; resume(): void };
  readonly #all: Portions;
  #messages = 0;
  #bytes = 0;
  #refusals = 0;
  #isResting = false;

  constructor(carrier: { pause(): void; resume(): void }, all: Portions) {
    this.#carrier = carrier;
    this.#all = all;
  }

  get isResting(): boolean {
    return this.#isResting;
  }

  /** Counted in all, not by turns of the loop: a pause costs a caller that sends little nothing. */
  take(payloadBytes: number): void {
    this.#messages++;
    this.#bytes += payloadBytes;
    if (this.#isResting) return;
    const share = this.#all.shareOfTurn;
    if (
      this.#messages >= messagesPerLoopTurn * share ||
      this.#bytes >= bytesPerLoopTurn * share
    )
      this.#rest();
  }

  refused(): void {
    this.#refusals++;
  }

  #rest(): void {
    this.#isResting = true;
    this.#all.restBegins();
    this.#carrier.pause();
    setImmediate(() => {
      const restMs = Math.min(maxRestMs, this.#refusals * restPerRefusalMs);
      if (restMs < 1) this.#goOn();
      else setTimeout(() => this.#goOn(), restMs);
    });
  }

  #goOn(): void {
    this.#messages = this.#bytes = this.#refusals = 0;
    this.#isResting = false;
    this.#all.restEnds();
    this.#carrier.resume();
  }
}
