/**
 * How much of the answers from outside may be on the way to one executor. No request has more let come than a window, and
 * none has any more while the pipe is full: an executor that stops reading costs bounded memory.
 */
import type { Duplex } from "node:stream";

/** Of one request. */
const windowBytes = 256 * 1024;
/** Unsent on the pipe: nothing more is let come. */
const fullBytes = 4 * 1024 * 1024;
/** Unsent on the pipe: what was let come before is no longer taken. */
const overfullBytes = 64 * 1024 * 1024;

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
  /** Those that wait for the pipe. */
  readonly #waiting = new Set<Pulled>();

  constructor(pipe: Duplex) {
    this.#pipe = pipe;
    pipe.on("drain", () => this.#goOn());
  }

  /** So much is there already that nobody reads that no more can be kept. */
  get isOverfull(): boolean {
    return this.#pipe.writableLength > overfullBytes;
  }

  wish(pulled: Pulled, bytes: number): void {
    pulled.wishedBytes += bytes;
    this.#open(pulled);
  }

  arrived(pulled: Pulled, bytes: number): void {
    pulled.comingBytes -= bytes;
    this.#open(pulled);
  }

  /** Nothing more comes for it. */
  forget(pulled: Pulled): void {
    pulled.wishedBytes = pulled.comingBytes = 0;
    this.#waiting.delete(pulled);
  }

  #open(pulled: Pulled): void {
    const room = windowBytes - pulled.comingBytes;
    const bytes = Math.min(pulled.wishedBytes, room);
    if (bytes <= 0) return;
    if (this.#pipe.writableLength > fullBytes) {
      this.#waiting.add(pulled);
      return;
    }
    pulled.wishedBytes -= bytes;
    pulled.comingBytes += bytes;
    pulled.pull(bytes);
  }

  #goOn(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const one of waiting) this.#open(one);
  }
}
