/** When an executor was last heard of, and whether what it does hangs. */

/** What is open in an executor: a call or a load. */
export interface Timed {
  /** When its time is over. */
  dueMs: number;
  /** The longest it may run without a word. */
  sliceMs: number;
}

/** How much longer than its slices an executor with something past its time may be silent before it is killed. */
const silenceGraceMs = 500;
/** How long past its time a call may be open while no other ends: it may wait behind their slices. */
const overdueGraceMs = 10_000;
/** So long past its time nothing may be open, whatever else its executor does. */
const maxOverdueMs = 120_000;
/** So much of a frame is a word of it; one that comes byte by byte is not. */
const heardBytes = 64 * 1024;
/** Silent for longer with a call open, an executor is taken to be busy with one of them. */
const stalledMs = 20;

export class HangWatch {
  readonly #now: () => number;
  #heardMs: number;
  /** Received since then, of a frame that is not whole yet. */
  #unheardBytes = 0;

  constructor(now: () => number) {
    this.#now = now;
    this.#heardMs = now();
  }

  get heardMs(): number {
    return this.#heardMs;
  }

  /** Whether it has not been heard of for a while. */
  get isStalled(): boolean {
    return this.#silentMs > stalledMs;
  }

  /** It said something; also at the beginning of work, for from an idle process nothing was to be heard. */
  heard(): void {
    this.#heardMs = this.#now();
    this.#unheardBytes = 0;
  }

  /** Bytes came, of whatever frame. */
  received(bytes: number): void {
    this.#unheardBytes += bytes;
    if (this.#unheardBytes >= heardBytes) this.heard();
  }

  /**
   * How it hangs: something is past its time, and the process has been silent for longer than any slice may last. What
   * merely waits behind another's slice does not hang, but not even that takes for ever. `endedMs`: when a call last ended.
   */
  findHang(open: readonly Timed[], endedMs: number): string | undefined {
    const now = this.#now();
    if (!open.some(({ dueMs }) => dueMs + silenceGraceMs < now))
      return undefined;
    const longestSliceMs = Math.max(...open.map(({ sliceMs }) => sliceMs));
    if (this.#silentMs > longestSliceMs + silenceGraceMs)
      return "hung past its time, and was killed";
    const overdueMs = now - Math.min(...open.map(({ dueMs }) => dueMs));
    const isStuck = now - endedMs > overdueGraceMs;
    return overdueMs > (isStuck ? overdueGraceMs : maxOverdueMs)
      ? "did not end what was past its time, and was killed"
      : undefined;
  }

  get #silentMs(): number {
    return this.#now() - this.#heardMs;
  }
}
