/** What a handle of TCP tells of its two ends, and the wishes it takes that no network here is told of. */
import type { Place } from "./loopback.ts";
import { StreamBase, type StreamTools } from "./stream-base.ts";

export abstract class NetHandle extends StreamBase {
  protected place: Place | undefined;
  protected bound: { address: string; port: number } | undefined;
  readonly #notConnected: number;
  #typeOfService = 0;

  constructor(tools: StreamTools, notConnected: number) {
    super(tools);
    this.#notConnected = notConnected;
  }

  getpeername(out: Record<string, unknown>): number {
    const { place } = this;
    if (!place) return this.#notConnected;
    out["address"] = place.remoteAddress;
    out["family"] = `IPv${place.family}`;
    out["port"] = place.remotePort;
    return 0;
  }

  /** What the host's address is, is not told; its port there tells nothing. */
  getsockname(out: Record<string, unknown>): number {
    const { place, bound } = this;
    if (place) {
      const any = place.family === 6 ? "::" : "0.0.0.0";
      out["address"] = place.localAddress ?? any;
      out["family"] = `IPv${place.family}`;
      out["port"] = place.localPort;
      return 0;
    }
    if (!bound) return this.#notConnected;
    out["address"] = bound.address;
    out["family"] = bound.address.includes(":") ? "IPv6" : "IPv4";
    out["port"] = bound.port;
    return 0;
  }

  setNoDelay(): number {
    return 0;
  }
  setKeepAlive(): number {
    return 0;
  }
  setTypeOfService(value: number): number {
    this.#typeOfService = value;
    return 0;
  }
  getTypeOfService(): number {
    return this.#typeOfService;
  }
  setBlocking(): number {
    return 0;
  }
  ref(): void {}
  unref(): void {}
}
