/**
 * Payloads that this host keeps for calls that wait or run. How many calls those may be is for turns.ts to say; here it is
 * how large they may be together, since a thousand large ones are a gigabyte.
 */
import type { CallFailure } from "../../proto/errors.ts";
import { overLimit } from "./admission.ts";

export interface HeldPayloadLimits {
  /** Of all containers. */
  readonly maxHeldPayloadBytes: number;
  readonly maxHeldPayloadBytesPerContainer: number;
}

/** Smaller ones are let in, and not counted, whatever is held: the number of a container's calls bounds them well enough. */
const smallBytes = 16 * 1024;

export class HeldPayloads {
  readonly #limits: HeldPayloadLimits;
  readonly #byContainer = new Map<string, number>();
  #bytes = 0;

  constructor(limits: HeldPayloadLimits) {
    this.#limits = limits;
  }

  /** Of all containers. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes a payload in, or says why not; `release` must follow. A container may hold as much as the host has free, so that
   * however many take all they can, there is room for the next one.
   */
  take(container: string, payloadBytes: number): CallFailure | undefined {
    if (payloadBytes <= smallBytes) return undefined;
    const { maxHeldPayloadBytes, maxHeldPayloadBytesPerContainer } =
      this.#limits;
    const own = this.#byContainer.get(container) ?? 0;
    const held = own + payloadBytes;
    // Alone any call may come, or one larger than the limits could never.
    if (own > 0 && held > maxHeldPayloadBytesPerContainer)
      return overLimit(
        "concurrency",
        "held_payload_bytes",
        maxHeldPayloadBytesPerContainer,
        held,
      );
    if (this.#bytes > 0 && held > maxHeldPayloadBytes - this.#bytes)
      return overLimit(
        "concurrency",
        "host_held_payload_bytes",
        maxHeldPayloadBytes,
        this.#bytes + held,
      );
    this.#byContainer.set(container, held);
    this.#bytes += payloadBytes;
    return undefined;
  }

  /** What was taken in is no longer needed. */
  release(container: string, payloadBytes: number): void {
    if (payloadBytes <= smallBytes) return;
    this.#bytes -= payloadBytes;
    const left = (this.#byContainer.get(container) ?? 0) - payloadBytes;
    if (left > 0) this.#byContainer.set(container, left);
    else this.#byContainer.delete(container);
  }
}
