/** The host's own addresses: public ones among them are doors to its own services. They come and go while it runs. */
import { networkInterfaces } from "node:os";

export interface OwnAddressesOptions {
  /** Monotonic, in milliseconds. */
  now: () => number;
  ownAddresses?: () => string[];
}

/** The system is asked no more often. */
const freshMs = 60_000;

export class OwnAddresses {
  readonly #options: OwnAddressesOptions;
  #readAtMs = 0;
  #last = "";

  constructor(options: OwnAddressesOptions) {
    this.#options = options;
  }

  /** As they are now. */
  read(): string[] {
    const { now, ownAddresses = ofInterfaces } = this.#options;
    const addresses = ownAddresses().toSorted();
    this.#readAtMs = now();
    this.#last = addresses.join();
    return addresses;
  }

  /** As they are now, if that is not as they were read last; undefined also where that was just now. */
  changed(): string[] | undefined {
    if (this.#options.now() - this.#readAtMs < freshMs) return undefined;
    const last = this.#last;
    const addresses = this.read();
    return this.#last === last ? undefined : addresses;
  }
}

function ofInterfaces(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) =>
    (addresses ?? []).map(({ address }) => address),
  );
}
