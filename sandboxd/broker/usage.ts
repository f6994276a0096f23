/** What an invocation has used of its container's caps. */
import { limited } from "./problem.ts";

export interface UsageCaps {
  maxRequests: number;
  maxBytes: number;
  /** At once. */
  maxOpen: number;
}

export class Usage {
  #requests = 0;
  #bytes = 0;
  #open = 0;

  /** Throws where it has as many open as it may; gives what closes it. */
  open({ maxOpen }: UsageCaps): () => void {
    if (this.#open >= maxOpen)
      throw limited(
        { name: "open_egress", value: maxOpen, observed: this.#open + 1 },
        `an invocation may have ${maxOpen} requests open at once`,
      );
    this.#open += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.#open -= 1;
      isOpen = false;
    };
  }

  /** Counts a request; where one redirects, the next is another. */
  request({ maxRequests }: UsageCaps): void {
    this.#requests += 1;
    if (this.#requests <= maxRequests) return;
    throw limited(
      {
        name: "egress_requests",
        value: maxRequests,
        observed: this.#requests,
      },
      `an invocation may send ${maxRequests} requests, each redirect being one`,
    );
  }

  /** Counts bytes sent or received. */
  bytes(count: number, { maxBytes }: UsageCaps): void {
    this.#bytes += count;
    if (this.#bytes <= maxBytes) return;
    throw limited(
      { name: "egress_bytes", value: maxBytes, observed: this.#bytes },
      `an invocation may send and receive ${maxBytes} bytes, decompressed`,
    );
  }
}
