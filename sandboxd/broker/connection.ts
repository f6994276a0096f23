/** sandboxd's side of one broker process: what is open on its pipe, and what it may still send. */
import type { Duplex } from "node:stream";
import {
  encodeFrame,
  FrameReader,
  maxNoteBytes,
  type Frame,
} from "../frames.ts";
import type { EgressNoteName, EgressProblem } from "../protocol.ts";
import type { EgressSink, SocketSink } from "../supervisor/egress.ts";
import {
  maxChunkBytes,
  maxReplyHeadBytes,
  type BrokerRequest,
} from "./messages.ts";
import { checkReply } from "./reply.ts";

/** A broker's process, as a launcher started it. */
export interface BrokerProcess {
  pid: number;
  pipe: Duplex;
  kill(): void;
  exited: Promise<{ how: string }>;
}

/** A request, a connection or a look-up that the broker was given. */
export interface OpenExchange {
  sink: EgressSink | SocketSink;
  /** Told once, when nothing more comes of it. */
  closed: () => void;
  /** How many more bytes the broker may send. */
  windowBytes: number;
  /** Its bytes may come: of a connection, it is connected. */
  hasHead: boolean;
  /** Notes that may come, and how many of each. */
  awaited: Partial<Record<EgressNoteName, number>>;
}

/** More unsent than this, and it takes no more requests. */
const maxPipeBytes = 64 * 1024 * 1024;

/** What is told of requests that were open when it ended. */
export const brokerEnded: EgressProblem = {
  kind: "failed",
  message: "the broker ended; try again",
};

export class BrokerConnection {
  /** Containers whose policy it was sent, as it is now, and when each last opened a request; the longest idle first. */
  readonly told = new Map<string, number>();
  readonly ready: Promise<void>;
  readonly exited: Promise<string>;
  readonly #process: BrokerProcess;
  readonly #reader = new FrameReader(
    maxReplyHeadBytes,
    maxReplyHeadBytes + maxChunkBytes,
  );
  readonly #open = new Map<number, OpenExchange>();
  #settleReady: (error?: Error) => void = () => undefined;
  #nextId = 1;
  /** Why it was ended from here. */
  #verdict: string | undefined;
  #isOver = false;

  constructor(process: BrokerProcess) {
    this.#process = process;
    this.ready = new Promise((resolve, reject) => {
      this.#settleReady = (error) => (error ? reject(error) : resolve());
    });
    this.ready.catch(() => undefined); // whoever waits for it sees it
    const { pipe } = process;
    pipe.on("error", () => this.#over());
    pipe.on("close", () => this.#over());
    pipe.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.exited = process.exited.then(({ how }) => {
      this.#over();
      const ending = this.#verdict ? `${this.#verdict}: ${how}` : how;
      this.#settleReady(new Error(`the broker ended: ${ending}`));
      return ending;
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** It takes requests. */
  get isOpen(): boolean {
    return !this.#isOver && this.#process.pipe.writableLength < maxPipeBytes;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  send(message: BrokerRequest, body?: Uint8Array): void {
    if (!this.#isOver) this.#process.pipe.write(encodeFrame(message, body));
  }

  /** Takes up a request; gives its id. */
  register(sink: OpenExchange["sink"], closed: () => void): number {
    const id = this.#nextId++;
    this.#open.set(id, {
      sink,
      closed,
      windowBytes: 0,
      hasHead: false,
      awaited: {},
    });
    return id;
  }

  /** One more note of this kind may come. */
  await(id: number, note: EgressNoteName): void {
    const awaited = this.#open.get(id)?.awaited;
    if (awaited) awaited[note] = (awaited[note] ?? 0) + 1;
  }

  /** Sends what belongs to an exchange, unless that is over. */
  sendFor(id: number, message: BrokerRequest, body?: Uint8Array): void {
    if (this.#open.has(id)) this.send(message, body);
  }

  pull(id: number, bytes: number): void {
    const exchange = this.#open.get(id);
    if (!exchange) return;
    exchange.windowBytes += bytes;
    this.send({ type: "pull", id, bytes });
  }

  abort(id: number): void {
    if (!this.#close(id)) return;
    this.send({ type: "abort", id });
  }

  /** Ends it from here, and tells why. */
  fail(id: number, problem: EgressProblem): void {
    const exchange = this.#close(id);
    if (!exchange) return;
    this.send({ type: "abort", id });
    exchange.sink.failed(problem);
  }

  /** Fails all that is open and ends the process; `why` is for the log. */
  end(why: string): void {
    if (!this.#isOver) this.#verdict = why;
    this.#over();
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#process.kill();
    for (const id of this.#open.keys())
      this.#close(id)?.sink.failed(brokerEnded);
  }

  #receive(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      for (const frame of this.#reader.push(chunk)) this.#handle(frame);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.end(`it broke the protocol: ${why}`);
    }
  }

  #handle({ head, body }: Frame): void {
    if (this.#isOver) return;
    const reply = checkReply(head);
    if (reply.type === "ready") return this.#settleReady();
    const exchange = this.#open.get(reply.id);
    if (!exchange) return; // its answer crossed an abort
    switch (reply.type) {
      case "head": {
        if (exchange.hasHead || !("head" in exchange.sink))
          throw new Error("a second head, or one of no request");
        exchange.hasHead = true;
        const { status, statusText, headers } = reply;
        exchange.sink.head({ status, statusText, headers });
        return;
      }
      case "note":
        return this.#note(exchange, reply.note, body);
      case "chunk":
        exchange.windowBytes -= body.length;
        if (!exchange.hasHead) throw new Error("a body before its head");
        if (body.length > maxChunkBytes || exchange.windowBytes < 0)
          throw new Error("more bytes than were asked for");
        return exchange.sink.chunk(body);
      case "end":
        if (!exchange.hasHead) throw new Error("an end before its head");
        return this.#close(reply.id)?.sink.end();
      case "failure":
        return this.#close(reply.id)?.sink.failed(reply.failure);
    }
  }

  #note(exchange: OpenExchange, note: EgressNoteName, body: Buffer): void {
    const { sink, awaited } = exchange;
    const left = awaited[note] ?? 0;
    if (left === 0 || body.length > maxNoteBytes || !("note" in sink))
      throw new Error("a note that nobody waits for");
    awaited[note] = left - 1;
    if (note === "connected" || note === "found") exchange.hasHead = true;
    sink.note(note, Buffer.from(body));
  }

  #close(id: number): OpenExchange | undefined {
    const exchange = this.#open.get(id);
    this.#open.delete(id);
    exchange?.closed();
    return exchange;
  }
}
