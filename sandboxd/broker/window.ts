/** How many bytes of a body its reader takes: nothing more is sent, and nothing more is read from the origin. */
import { orAborted } from "./abortable.ts";

export class Window {
  #bytes = 0;
  #opened: (() => void) | undefined;

  /** Lets so many more bytes pass. */
  open(bytes: number): void {
    this.#bytes += bytes;
    this.#opened?.();
  }

  /** Waits until something may pass, and takes at most so much; rejects when the signal is raised. */
  async take(wantedBytes: number, signal: AbortSignal): Promise<number> {
    while (this.#bytes <= 0) await this.#wait(signal);
    const bytes = Math.min(this.#bytes, wantedBytes);
    this.#bytes -= bytes;
    return bytes;
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#opened = resolve;
    return orAborted(promise, signal);
  }
}
