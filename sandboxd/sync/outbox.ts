/** What the host has to say on one stream. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { SyncRequest } from "../../proto/gen/annex/sync/v1/sync.ts";

const maxWaiting = 16_384;

/** Messages on their way to the control plane, in order. */
export class Outbox {
  readonly #messages = new PassThrough({ objectMode: true });
  readonly #onOverflow: () => void;

  /** `onOverflow` is called for each message that was dropped because the control plane does not read. */
  constructor(onOverflow: () => void) {
    this.#onOverflow = onOverflow;
  }

  /** The messages as the call wants them. */
  get requests(): AsyncIterable<SyncRequest> {
    return this.#messages;
  }

  /** Says something; after the end nobody hears it. */
  send(message: SyncRequest["message"]): void {
    if (this.#messages.writableEnded) return;
    if (this.#messages.writableLength >= maxWaiting) return this.#onOverflow();
    this.#messages.write({ message });
  }

  /** Resolves when what was said is on its way, so that a slow control plane slows what it sends. */
  async drained(signal: AbortSignal): Promise<void> {
    if (this.#messages.writableNeedDrain)
      await once(this.#messages, "drain", { signal });
  }

  end(): void {
    this.#messages.end();
  }
}
