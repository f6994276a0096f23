/** What an executor asks of a connection that it has open, held to what it may: so many writes at once, one end, one beginning of TLS. */
import {
  maxTlsWishesBytes,
  maxUntakenWrites,
  maxWriteBytes,
} from "../egress-bounds.ts";
import type {
  EgressFinishReply,
  EgressUpgradeReply,
  EgressWriteReply,
} from "../protocol.ts";
import type { EgressRecord, EgressSocket } from "./egress.ts";

export type SocketMessage =
  EgressWriteReply | EgressFinishReply | EgressUpgradeReply;

export class SocketRelay {
  readonly #socket: EgressSocket;
  readonly #record: EgressRecord;
  #untakenWrites = 0;
  #isFinished = false;
  #isTls: boolean;

  constructor(socket: EgressSocket, record: EgressRecord, isTls: boolean) {
    this.#socket = socket;
    this.#record = record;
    this.#isTls = isTls;
  }

  /** Throws where it breaks a bound. */
  take({ type }: SocketMessage, body: Buffer): void {
    switch (type) {
      case "egress-write":
        return this.#write(body);
      case "egress-finish":
        if (this.#isFinished || body.length > 0)
          throw new Error("a connection is finished twice");
        this.#isFinished = true;
        return this.#socket.finish();
      case "egress-upgrade":
        if (this.#isTls || body.length > maxTlsWishesBytes)
          throw new Error("a connection begins TLS twice, or with too much");
        this.#isTls = true;
        return this.#socket.upgrade(Buffer.from(body));
    }
  }

  /** The gate has taken a write. */
  taken(): void {
    this.#untakenWrites--;
  }

  #write(body: Buffer): void {
    if (
      this.#isFinished ||
      this.#untakenWrites >= maxUntakenWrites ||
      body.length > maxWriteBytes
    )
      throw new Error("more is written than may be");
    this.#untakenWrites++;
    this.#record.sentBytes += body.length;
    // It shares memory with the frame it came in, and may wait in the gate.
    this.#socket.write(Buffer.from(body));
  }
}
