/**
 * Requests outward of one call, connections and look-ups among them: what its executor asks for goes to the gate, what comes of it goes back, and all of it ends
 * with the call. What was sent out is counted here, not believed: a call that has sent something is never run twice.
 */
import { maxEgressBodyBytes, maxTlsWishesBytes } from "../egress-bounds.ts";
import type { Frame } from "../frames.ts";
import type {
  EgressAbortReply,
  EgressConnectReply,
  EgressLookupReply,
  EgressProblem,
  EgressPullReply,
  EgressReply,
  ExecutorRequest,
} from "../protocol.ts";
import type {
  EgressCaller,
  EgressCounts,
  EgressExchange,
  EgressGate,
  EgressRecord,
  EgressSink,
  SocketSink,
} from "./egress.ts";
import { EgressRecords } from "./egress-records.ts";
import type { Pulled, PullWindow } from "./pull-window.ts";
import { Grant } from "./quota.ts";
import { SocketRelay, type SocketMessage } from "./socket-relay.ts";

/** What the relays of one executor have in common. */
export interface RelayParts {
  gate: EgressGate;
  window: PullWindow;
  send(head: ExecutorRequest, body?: Uint8Array): void;
  /** Of one call at once. */
  maxOpen: number;
  /** Of one call in all: what the broker refuses costs work too. */
  maxInAll: number;
}

/** Whose requests they are. */
export interface RelayedCall {
  /** On the pipe. */
  id: number;
  container: string;
  invocationId: string;
  /** What is left of its time. */
  leftMs(): number;
}

type Opening = EgressReply | EgressConnectReply | EgressLookupReply;
export type EgressMessage =
  Opening | EgressPullReply | EgressAbortReply | SocketMessage;

/** More of one answer is not let come at once. */
const maxPulledBytes = 32 * 1024 * 1024;
/** Frames granted with a request, and with each frame of its answer. */
const framesOfRequest = 32;
const framesOfAnswer = 2;
/** Of a frame that names a request and no more. */
const bytesOfFrame = 256;

interface Open extends Pulled {
  number: number;
  exchange: EgressExchange;
  record: EgressRecord;
  /** Of a connection. */
  socket?: SocketRelay;
}

export class EgressRelay {
  readonly #call: RelayedCall;
  readonly #parts: RelayParts;
  readonly #open = new Map<number, Open>();
  readonly #records = new EgressRecords();
  readonly #grant = new Grant(framesOfRequest, framesOfRequest * bytesOfFrame);
  #lastNumber = -1;
  #count = 0;
  #isClosed = false;

  constructor(call: RelayedCall, parts: RelayParts) {
    this.#call = call;
    this.#parts = parts;
  }

  /** How many requests were made. */
  get count(): number {
    return this.#count;
  }

  /** What came of the first of them. */
  get records(): readonly EgressRecord[] {
    return this.#records.first;
  }

  /** What came of all that have ended. */
  get counts(): EgressCounts {
    return this.#records.counts;
  }

  /** Does what the executor asks; throws where it breaks a bound. */
  take(message: EgressMessage, { body, headBytes }: Frame): void {
    // What a request itself may have is bounded where it is checked.
    this.#grant.spend(isOpening(message) ? 0 : headBytes);
    switch (message.type) {
      case "egress":
        return this.#begin(message, body);
      case "egress-connect":
        return this.#connect(message, body);
      case "egress-lookup":
        return this.#lookup(message);
      case "egress-pull":
        return this.#pull(message);
      case "egress-abort":
        return this.#abort(message.egress);
      case "egress-write":
      case "egress-finish":
      case "egress-upgrade":
        return this.#open.get(message.egress)?.socket?.take(message, body);
    }
  }

  /** Ends all that is open, without a word. What its executor asks before it hears of the end is bounded as ever, and not done. */
  close(): void {
    this.#isClosed = true;
    for (const number of this.#open.keys()) this.#abort(number);
  }

  #begin(request: EgressReply, body: Buffer): void {
    if (!this.#mayOpen(request, body, maxEgressBodyBytes)) return;
    const { method, url, headers } = request;
    const origin = URL.parse(url)?.origin ?? "";
    const sentBytes = body.length;
    const record = this.#records.begin({ method, origin, sentBytes });
    const exchange = this.#parts.gate.open(
      {
        ...this.#caller,
        method,
        url,
        headers,
        // It shares memory with the frame it came in, and may wait in the gate.
        body: Buffer.from(body),
      },
      this.#sink(request.egress),
    );
    this.#add(request.egress, exchange, record);
  }

  #connect(request: EgressConnectReply, body: Buffer): void {
    if (!this.#mayOpen(request, body, maxTlsWishesBytes)) return;
    const { egress, host, port, address } = request;
    const isTls = body.length > 0;
    const record = this.#records.begin({
      method: "CONNECT",
      origin: `${isTls ? "tls" : "tcp"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
      sentBytes: 0,
    });
    const tls = isTls ? Buffer.from(body) : undefined;
    const socket = this.#parts.gate.connect(
      { ...this.#caller, host, port, address, tls },
      this.#socketSink(egress),
    );
    const relay = new SocketRelay(socket, record, isTls);
    this.#add(egress, socket, record).socket = relay;
  }

  #lookup(request: EgressLookupReply): void {
    if (!this.#mayOpen(request, none, 0)) return;
    const { egress, name, record: kind } = request;
    const record = this.#records.begin({
      method: "LOOKUP",
      origin: `dns:${name}`,
      sentBytes: 0,
    });
    const exchange = this.#parts.gate.lookup(
      { ...this.#caller, name, record: kind },
      this.#socketSink(egress),
    );
    this.#add(egress, exchange, record);
  }

  /** Throws where it breaks a bound; false where it is not done any more. */
  #mayOpen({ egress }: Opening, body: Buffer, maxBytes: number): boolean {
    const { maxOpen, maxInAll } = this.#parts;
    if (
      egress <= this.#lastNumber ||
      this.#open.size >= maxOpen ||
      this.#count >= maxInAll ||
      body.length > maxBytes
    )
      throw new Error("a request outward breaks its bounds");
    this.#lastNumber = egress;
    this.#count++;
    this.#grant.add(framesOfRequest, framesOfRequest * bytesOfFrame);
    return !this.#isClosed;
  }

  get #caller(): EgressCaller {
    const { container, invocationId } = this.#call;
    return { container, invocationId, wallMs: this.#call.leftMs() };
  }

  #add(number: number, exchange: EgressExchange, record: EgressRecord): Open {
    const open: Open = {
      number,
      exchange,
      record,
      wishedBytes: 0,
      comingBytes: 0,
      pull: (bytes) => exchange.pull(bytes),
    };
    this.#open.set(number, open);
    return open;
  }

  /** Its number may be of a request that has just ended. */
  #pull({ egress, bytes }: EgressPullReply): void {
    const open = this.#open.get(egress);
    if (!open || bytes === 0) return;
    if (open.wishedBytes + open.comingBytes + bytes > maxPulledBytes)
      throw new Error("more of an answer is pulled than may be");
    this.#parts.window.wish(open, bytes);
  }

  #abort(number: number): void {
    const open = this.#open.get(number);
    if (!open) return;
    this.#finish(open, "aborted");
    open.exchange.abort();
  }

  #sink(number: number): EgressSink {
    const address = { id: this.#call.id, egress: number };
    return {
      ...this.#endings(number),
      head: (head) => {
        const open = this.#open.get(number);
        if (!open) return;
        open.record.status = head.status;
        this.#send({ type: "egress-head", ...address, ...head });
      },
    };
  }

  #socketSink(number: number): SocketSink {
    const address = { id: this.#call.id, egress: number };
    return {
      ...this.#endings(number),
      note: (note, body) => {
        const open = this.#open.get(number);
        if (!open) return;
        if (note === "taken") open.socket?.taken();
        this.#send({ type: "egress-note", ...address, note }, body);
      },
    };
  }

  /** What a request and a connection have in common. */
  #endings(number: number): Omit<EgressSink, "head"> {
    const address = { id: this.#call.id, egress: number };
    return {
      chunk: (bytes) => {
        const open = this.#open.get(number);
        if (open) this.#chunk(open, bytes);
      },
      end: () => {
        const open = this.#open.get(number);
        if (!open) return;
        this.#finish(open, "answered");
        this.#send({ type: "egress-end", ...address });
      },
      failed: (problem) => {
        const open = this.#open.get(number);
        if (open) this.#fail(open, problem);
      },
    };
  }

  #chunk(open: Open, bytes: Buffer): void {
    if (bytes.length > open.comingBytes || this.#parts.window.isOverfull) {
      open.exchange.abort();
      this.#fail(open, unasked);
      return;
    }
    open.record.receivedBytes += bytes.length;
    const { id } = this.#call;
    this.#send({ type: "egress-chunk", id, egress: open.number }, bytes);
    this.#parts.window.arrived(open, bytes.length);
  }

  #fail(open: Open, failure: EgressProblem): void {
    this.#finish(open, failure.kind);
    const { id } = this.#call;
    this.#send({ type: "egress-failure", id, egress: open.number, failure });
  }

  #send(head: ExecutorRequest, body?: Uint8Array): void {
    this.#grant.add(framesOfAnswer, framesOfAnswer * bytesOfFrame);
    this.#parts.send(head, body);
  }

  #finish(open: Open, outcome: EgressRecord["outcome"]): void {
    this.#open.delete(open.number);
    this.#parts.window.forget(open);
    this.#records.end(open.record, outcome);
  }
}

function isOpening({ type }: EgressMessage): boolean {
  return (
    type === "egress" || type === "egress-connect" || type === "egress-lookup"
  );
}

const none = Buffer.alloc(0);

const unasked: EgressProblem = {
  kind: "failed",
  message: "the answer came faster than it was taken",
};
