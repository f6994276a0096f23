/**
 * Requests outward of one call: what its executor asks for goes to the gate, what comes of it goes back, and all of it ends
 * with the call. What was sent out is counted here, not believed: a call that has sent something is never run twice.
 */
import type { Frame } from "../frames.ts";
import type {
  EgressAbortReply,
  EgressProblem,
  EgressPullReply,
  EgressReply,
  ExecutorRequest,
} from "../protocol.ts";
import type {
  EgressCounts,
  EgressExchange,
  EgressGate,
  EgressRecord,
  EgressSink,
} from "./egress.ts";
import type { Pulled, PullWindow } from "./pull-window.ts";
import { Grant } from "./quota.ts";

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

type EgressMessage = EgressReply | EgressPullReply | EgressAbortReply;

export const maxEgressBodyBytes = 7 * 1024 * 1024;
/** More of one answer is not let come at once. */
const maxPulledBytes = 32 * 1024 * 1024;
const maxRecords = 100;
/** Frames granted with a request, and with each frame of its answer. */
const framesOfRequest = 32;
const framesOfAnswer = 2;
/** Of a frame that names a request and no more. */
const bytesOfFrame = 256;

interface Open extends Pulled {
  number: number;
  exchange: EgressExchange;
  record: EgressRecord;
}

export class EgressRelay {
  readonly #call: RelayedCall;
  readonly #parts: RelayParts;
  readonly #open = new Map<number, Open>();
  readonly #records: EgressRecord[] = [];
  readonly #counts: EgressCounts = {};
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
    return this.#records;
  }

  /** What came of all that have ended. */
  get counts(): EgressCounts {
    return this.#counts;
  }

  /** Does what the executor asks; throws where it breaks a bound. */
  take(message: EgressMessage, { body, headBytes }: Frame): void {
    // What a request itself may have is bounded where it is checked.
    this.#grant.spend(message.type === "egress" ? 0 : headBytes);
    switch (message.type) {
      case "egress":
        return this.#begin(message, body);
      case "egress-pull":
        return this.#pull(message);
      case "egress-abort":
        return this.#abort(message.egress);
    }
  }

  /** Ends all that is open, without a word. What its executor asks before it hears of the end is bounded as ever, and not done. */
  close(): void {
    this.#isClosed = true;
    for (const number of this.#open.keys()) this.#abort(number);
  }

  #begin(request: EgressReply, body: Buffer): void {
    const { maxOpen, maxInAll, gate } = this.#parts;
    if (
      request.egress <= this.#lastNumber ||
      this.#open.size >= maxOpen ||
      this.#count >= maxInAll ||
      body.length > maxEgressBodyBytes
    )
      throw new Error("a request outward breaks its bounds");
    this.#lastNumber = request.egress;
    this.#count++;
    this.#grant.add(framesOfRequest, framesOfRequest * bytesOfFrame);
    if (this.#isClosed) return;
    const { container, invocationId } = this.#call;
    const { method, url, headers, redirect } = request;
    const record = this.#record(request, body.length);
    const exchange = gate.open(
      {
        container,
        invocationId,
        method,
        url,
        headers,
        redirect,
        // It shares memory with the frame it came in, and may wait in the gate.
        body: Buffer.from(body),
        wallMs: this.#call.leftMs(),
      },
      this.#sink(request.egress),
    );
    this.#open.set(request.egress, {
      number: request.egress,
      exchange,
      record,
      wishedBytes: 0,
      comingBytes: 0,
      pull: (bytes) => exchange.pull(bytes),
    });
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
      head: (head) => {
        const open = this.#open.get(number);
        if (!open) return;
        open.record.status = head.status;
        this.#send({ type: "egress-head", ...address, ...head });
      },
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
    open.record.outcome = outcome;
    open.record.endedAt = performance.now();
    const { sentBytes, receivedBytes } = open.record;
    const count = (this.#counts[outcome] ??= {
      requests: 0,
      sentBytes: 0,
      receivedBytes: 0,
    });
    count.requests++;
    count.sentBytes += sentBytes;
    count.receivedBytes += receivedBytes;
  }

  #record({ method, url }: EgressReply, sentBytes: number): EgressRecord {
    const startedAt = performance.now();
    const record: EgressRecord = {
      method,
      origin: URL.parse(url)?.origin ?? "",
      startedAt,
      endedAt: startedAt,
      status: 0,
      sentBytes,
      receivedBytes: 0,
      outcome: "aborted",
    };
    if (this.#records.length < maxRecords) this.#records.push(record);
    return record;
  }
}

const unasked: EgressProblem = {
  kind: "failed",
  message: "the answer came faster than it was taken",
};
