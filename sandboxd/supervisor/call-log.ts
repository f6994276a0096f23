/** The log of one call, from its first line to those that come after its answer. */
import type { LoggedReply } from "../protocol.ts";
import type { GuestLogs } from "./call.ts";
import { GuestLog } from "./guest-log.ts";
import type { VersionName } from "./held-versions.ts";
import { logGrant, type Grant } from "./quota.ts";

export class CallLog {
  readonly version: VersionName;
  readonly invocationId: string;
  readonly #maxBytes: number;
  readonly #now: () => number;
  #written: { log: GuestLog; grant: Grant } | undefined;

  constructor(
    version: VersionName,
    invocationId: string,
    { maxBytes, now }: { maxBytes: number; now: () => number },
  ) {
    this.version = version;
    this.invocationId = invocationId;
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** Keeps lines until they are taken; throws where more came than may. */
  add(reply: LoggedReply, frameBytes: number): void {
    this.#written ??= {
      log: new GuestLog(this.#maxBytes, this.#now),
      grant: logGrant(this.#maxBytes),
    };
    this.#written.grant.spend(frameBytes);
    this.#written.log.add(reply);
  }

  /** What has come since it was last taken; undefined where nothing has. */
  take(): GuestLogs | undefined {
    const taken = this.#written?.log.take();
    if (!taken) return undefined;
    const { version, invocationId } = this;
    return { version: version.key, invocationId, ...taken };
  }
}
