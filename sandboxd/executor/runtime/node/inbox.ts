/** What has come on a connection: one read is under way at a time, and nothing is told while nobody reads. */
export interface Reader {
  isReading: () => boolean;
  mayAsk: () => boolean;
  /** Has the next bytes come. */
  ask: () => void;
  /** Keeps, before it tells, what there is no room for. */
  tell: (
    bytes: Uint8Array,
    keep: (rest: Uint8Array | undefined) => void,
  ) => void;
  end: () => void;
}

export class Inbox {
  readonly #reader: Reader;
  #isAsked = false;
  /** Come, and nobody reads. */
  #kept: Uint8Array | undefined;
  #hasEnded = false;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /** There is something to tell. */
  get isWaiting(): boolean {
    return this.#kept !== undefined || (this.#hasEnded && !this.#isAsked);
  }

  ask(): void {
    const reader = this.#reader;
    if (this.#isAsked || this.#hasEnded || this.#kept) return;
    if (!reader.isReading() || !reader.mayAsk()) return;
    this.#isAsked = true;
    reader.ask();
  }

  take(bytes: Uint8Array): void {
    this.#isAsked = false;
    this.#kept = bytes;
    this.flush();
  }

  end(): void {
    this.#isAsked = false;
    this.#hasEnded = true;
    this.flush();
  }

  /** Tells what has come, where somebody reads. */
  flush(): void {
    const reader = this.#reader;
    while (reader.isReading() && this.#kept)
      reader.tell(this.#kept, (rest) => {
        this.#kept = rest;
      });
    if (reader.isReading() && this.#hasEnded && !this.#kept) reader.end();
    this.ask();
  }
}
