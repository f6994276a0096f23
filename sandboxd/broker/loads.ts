/** What containers have open on sandboxd's side of the broker: bounded for each, and shared among all. */
import type { LimitHit } from "../../proto/errors.ts";
import type { EgressProblem } from "../protocol.ts";
import { isFair } from "./share.ts";

/** Requests open at once, and the bytes of their bodies: of one container, all its invocations together; and of all. */
const maxOpenPerContainer = 128;
const maxOpen = 512;
const leastOpen = 4;
const maxBodyBytesPerContainer = 16 * 1024 * 1024;
const maxBodyBytes = 48 * 1024 * 1024;
const leastBodyBytes = 1024 * 1024;

interface Load {
  requests: number;
  bodyBytes: number;
}

export class Loads {
  readonly #loads = new Map<string, Load>();
  readonly #all: Load = { requests: 0, bodyBytes: 0 };

  isIdle(container: string): boolean {
    return !this.#loads.has(container);
  }

  /** Why a container may not open another request with such a body. */
  refuse(container: string, bytes: number): EgressProblem | undefined {
    const { requests, bodyBytes } = this.#of(container);
    if (requests >= maxOpenPerContainer)
      return tooMuch(
        {
          name: "open_egress",
          value: maxOpenPerContainer,
          observed: requests + 1,
        },
        `a container may have ${maxOpenPerContainer} requests open at once`,
      );
    if (bodyBytes + bytes > maxBodyBytesPerContainer)
      return tooMuch(
        {
          name: "egress_bytes",
          value: maxBodyBytesPerContainer,
          observed: bodyBytes + bytes,
        },
        `the bodies of a container's open requests may have ${maxBodyBytesPerContainer} bytes together`,
      );
    return this.#isFair(container, bytes) ? undefined : busy;
  }

  /** Counts a container's request as open; gives what counts it out. */
  count(container: string, bodyBytes: number): () => void {
    const load = this.#of(container);
    this.#loads.set(container, load);
    for (const counted of [load, this.#all]) {
      counted.requests += 1;
      counted.bodyBytes += bodyBytes;
    }
    return () => {
      for (const counted of [load, this.#all]) {
        counted.requests -= 1;
        counted.bodyBytes -= bodyBytes;
      }
      if (load.requests === 0) this.#loads.delete(container);
    };
  }

  #of(container: string): Load {
    return this.#loads.get(container) ?? { requests: 0, bodyBytes: 0 };
  }

  #isFair(container: string, bytes: number): boolean {
    const held = this.#of(container);
    const takers = this.#loads.size + (held.requests === 0 ? 1 : 0);
    const open = {
      max: maxOpen,
      taken: this.#all.requests,
      takers,
      least: leastOpen,
    };
    const body = {
      max: maxBodyBytes,
      taken: this.#all.bodyBytes,
      takers,
      least: leastBodyBytes,
    };
    return (
      isFair(open, held.requests, 1) &&
      (bytes === 0 || isFair(body, held.bodyBytes, bytes))
    );
  }
}

const busy: EgressProblem = {
  kind: "failed",
  message: "this host has too many requests outward open; try again",
};

function tooMuch(limit: LimitHit, message: string): EgressProblem {
  return { kind: "limit", message, limit };
}
