/** Spreads one container's bytes over time, so that its downloads leave room for its neighbours'. */
import { setTimeout as delay } from "node:timers/promises";

/** So much may come at once after a pause. */
const burstMs = 250;

export class Rate {
  readonly #bytesPerSecond: number;
  readonly #now: () => number;
  /** When all that was taken so far is paid for. */
  #paidAtMs: number;

  constructor(bytesPerSecond: number, now: () => number) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#now = now;
    this.#paidAtMs = now() - burstMs;
  }

  /** Resolves when so many bytes may pass, in the order of asking; rejects when the signal is raised. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    const now = this.#now();
    this.#paidAtMs =
      Math.max(this.#paidAtMs, now - burstMs) +
      (bytes / this.#bytesPerSecond) * 1000;
    const waitMs = this.#paidAtMs - now;
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
  }
}
