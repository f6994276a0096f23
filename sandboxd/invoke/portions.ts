/**
 * How much the streams of a host may take from their carriers before the event loop comes round to others: what one turn
 * of the loop takes is shared by those that have more, so that its length does not grow with their number.
 */

/** Messages, and bytes of their payloads, of all streams in one turn of the loop: about half a millisecond of it. */
const messagesPerLoopTurn = 16;
const bytesPerLoopTurn = 256 * 1024;
/**
 * Calls a host refuses in a second before it lets the streams rest that send them; refusing costs as much as running. The
 * streams that are refused calls share it, and each may save up its share for a while, so that a loud container does not
 * slow the others whose calls come by the same stream.
 */
const refusalsPerSecond = 8000;
const savedUpMs = 25;
const maxRestMs = 10;

/** Shared by all streams of a host. */
export class Portions {
  readonly #refused = new Set<Portion>();
  #resting = 0;

  /** The portions of one stream; `pause` and `resume` are its carrier's. */
  open(carrier: { pause(): void; resume(): void }): Portion {
    return new Portion(carrier, this);
  }

  /** Of a stream that takes its portion in this turn, beside those that have had theirs. */
  get shareOfTurn(): number {
    return 1 / (this.#resting + 1);
  }

  /** The time that one refusal costs a stream, the others that are refused calls counted. */
  refusalMs(portion: Portion, nowMs: number): number {
    this.#refused.add(portion);
    for (const other of this.#refused)
      if (other.isQuits(nowMs)) this.#refused.delete(other);
    return (1000 / refusalsPerSecond) * Math.max(1, this.#refused.size);
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
  /** When its refusals will have been paid for, in milliseconds of performance.now(). */
  #paidAtMs = 0;
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

  /** Counts a call that was refused for want of room. */
  refused(): void {
    const nowMs = performance.now();
    const fromMs = Math.max(this.#paidAtMs, nowMs);
    this.#paidAtMs = fromMs + this.#all.refusalMs(this, nowMs);
  }

  /** Whether it has paid for all its refusals. */
  isQuits(nowMs: number): boolean {
    return this.#paidAtMs <= nowMs;
  }

  #rest(): void {
    this.#isResting = true;
    this.#all.restBegins();
    this.#carrier.pause();
    setImmediate(() => {
      const owedMs = this.#paidAtMs - performance.now() - savedUpMs;
      const restMs = Math.min(maxRestMs, owedMs);
      if (restMs < 1) this.#goOn();
      else setTimeout(() => this.#goOn(), restMs);
    });
  }

  #goOn(): void {
    this.#messages = this.#bytes = 0;
    this.#isResting = false;
    this.#all.restEnds();
    this.#carrier.resume();
  }
}
