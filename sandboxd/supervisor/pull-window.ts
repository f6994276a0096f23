/**
 * How much of the answers from outside may be on the way to one executor. No request has more let come than a window, and
 * none has any more while the pipe is full, or those of the host together are: an executor that stops reading costs bounded memory.
 */
import type { Duplex } from "node:stream";
import type { HostPipes, PipeUse } from "./host-pipes.ts";

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

export class PullWindow implements PipeUse {
  readonly #pipe: Duplex;
  readonly #host: HostPipes;
  readonly #leave: () => void;
  /** Those that wait for the pipe, or for those of others. */
  readonly #waiting = new Set<Pulled>();
  #comingBytes = 0;

  constructor(pipe: Duplex, host: HostPipes) {
    this.#pipe = pipe;
    this.#host = host;
    this.#leave = host.add(this);
    pipe.on("drain", () => {
      this.goOn();
      host.freed();
    });
  }

  get unsentBytes(): number {
    return this.#pipe.writableLength;
  }

  /** Of all requests together. */
  get comingBytes(): number {
    return this.#comingBytes;
  }

  /** So much is there already that nobody reads that no more can be kept. */
  get isOverfull(): boolean {
    return this.unsentBytes > overfullBytes;
  }

  wish(pulled: Pulled, bytes: number): void {
    pulled.wishedBytes += bytes;
    this.#open(pulled);
  }

  arrived(pulled: Pulled, bytes: number): void {
    pulled.comingBytes -= bytes;
    this.#comingBytes -= bytes;
    this.#open(pulled);
  }

  /** Nothing more comes for it. */
  forget(pulled: Pulled): void {
    this.#comingBytes -= pulled.comingBytes;
    pulled.wishedBytes = pulled.comingBytes = 0;
    this.#waiting.delete(pulled);
    this.#host.freed();
  }

  /** There is room again for those that wait. */
  goOn(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const one of waiting) this.#open(one);
  }

  /** The executor is gone. */
  close(): void {
    this.#leave();
  }

  #open(pulled: Pulled): void {
    const room = windowBytes - pulled.comingBytes;
    const bytes = Math.min(pulled.wishedBytes, room);
    if (bytes <= 0) return;
    if (this.unsentBytes > fullBytes || !this.#host.hasRoom(this, bytes)) {
      this.#waiting.add(pulled);
      return;
    }
    pulled.wishedBytes -= bytes;
    pulled.comingBytes += bytes;
    this.#comingBytes += bytes;
    pulled.pull(bytes);
  }
}
