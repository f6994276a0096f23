/**
 * How much of the answers from outside may be on the way to one executor. What it asks for beyond the window waits, each
 * request's in turn, until the pipe has taken what came before: an executor that stops reading costs bounded memory.
 */
import type { Duplex } from "node:stream";

const windowBytes = 4 * 1024 * 1024;
/** So that one request's wish does not take the whole window. */
const stepBytes = 256 * 1024;

/** A request whose answer is let come by bytes. */
export interface Pulled {
  /** Wished for and not yet let come. */
  wishedBytes: number;
  /** Let come and not yet there. */
  comingBytes: number;
  pull(bytes: number): void;
}

export class PullWindow {
  readonly #pipe: Duplex;
  readonly #waiting = new Set<Pulled>();
  #comingBytes = 0;
  #awaitsDrain = false;

  constructor(pipe: Duplex) {
    this.#pipe = pipe;
  }

  wish(pulled: Pulled, bytes: number): void {
    pulled.wishedBytes += bytes;
    this.#waiting.add(pulled);
    this.#open();
  }

  arrived(pulled: Pulled, bytes: number): void {
    pulled.comingBytes -= bytes;
    this.#comingBytes -= bytes;
    this.#open();
  }

  /** Nothing more comes for it. */
  forget(pulled: Pulled): void {
    this.#comingBytes -= pulled.comingBytes;
    pulled.comingBytes = pulled.wishedBytes = 0;
    this.#waiting.delete(pulled);
    this.#open();
  }

  #open(): void {
    for (const pulled of this.#waiting) {
      if (this.#isFull()) return;
      const bytes = Math.min(pulled.wishedBytes, stepBytes);
      // To the end of the row, if it wants more.
      this.#waiting.delete(pulled);
      pulled.wishedBytes -= bytes;
      if (pulled.wishedBytes > 0) this.#waiting.add(pulled);
      pulled.comingBytes += bytes;
      this.#comingBytes += bytes;
      pulled.pull(bytes);
    }
  }

  #isFull(): boolean {
    const unsentBytes = this.#pipe.writableLength;
    if (this.#comingBytes + unsentBytes < windowBytes) return false;
    if (unsentBytes > 0 && !this.#awaitsDrain) {
      this.#awaitsDrain = true;
      this.#pipe.once("drain", () => {
        this.#awaitsDrain = false;
        this.#open();
      });
    }
    return true;
  }
}
