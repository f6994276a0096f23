/** What the supervisor needs of the broker, the process through which requests outward go. */
import type {
  EgressConnectReply,
  EgressHead,
  EgressLookupReply,
  EgressNoteName,
  EgressProblem,
  EgressReply,
} from "../protocol.ts";

/** Opens requests outward. */
export interface EgressGate {
  /** Begins a request; whatever comes of it is told to `sink`, never before this has returned. */
  open(request: EgressRequest, sink: EgressSink): EgressExchange;
  /** Begins a connection, likewise. */
  connect(request: SocketRequest, sink: SocketSink): EgressSocket;
  /** Asks what a name stands for, likewise. */
  lookup(request: LookupRequest, sink: SocketSink): EgressExchange;
}

/** Who asks. */
export interface EgressCaller {
  /** Whose rules, limits and proxy hold. From the executor's process, not from what it says. */
  container: string;
  /** Names the invocation, whose requests and bytes are counted together. */
  invocationId: string;
  /** What is left of the invocation's time. */
  wallMs: number;
}

/** A connection that an invocation's code asks for. */
export interface SocketRequest
  extends EgressCaller, Pick<EgressConnectReply, "host" | "port" | "address"> {
  /** `TlsWishes` as JSON; undefined: none. */
  tls: Buffer | undefined;
}

/** A name that an invocation's code asks about. */
export interface LookupRequest
  extends EgressCaller, Pick<EgressLookupReply, "name" | "record"> {}

/** A request of an invocation's code. */
export interface EgressRequest
  extends EgressCaller, Pick<EgressReply, "method" | "url" | "headers"> {
  body: Buffer;
}

/** Takes an answer: one head, chunks, an end; or a failure at any time, after which nothing comes. */
export interface EgressSink {
  head(head: Omit<EgressHead, "type" | "id" | "egress">): void;
  chunk(bytes: Buffer): void;
  end(): void;
  failed(problem: EgressProblem): void;
}

/** An open request. */
export interface EgressExchange {
  /** Lets so many more bytes of the body come. */
  pull(bytes: number): void;
  /** Ends it; nothing comes after. */
  abort(): void;
}

/** Takes what comes of a connection or a look-up: notes, chunks, an end; or a failure at any time, after which nothing comes. */
export interface SocketSink extends Omit<EgressSink, "head"> {
  note(note: EgressNoteName, body: Buffer): void;
}

/** An open connection. */
export interface EgressSocket extends EgressExchange {
  /** Answered by the note `taken`. */
  write(bytes: Buffer): void;
  /** Says that nothing more will be written. */
  finish(): void;
  /** Begins TLS by these wishes; answered by the note `secured`. */
  upgrade(tls: Buffer): void;
}

/** What a request outward came to, for spans and counts. Times are in milliseconds of performance.now(). */
export interface EgressRecord {
  /** CONNECT: a connection; LOOKUP: a name. */
  method: string;
  /** Scheme, host and port, tcp: or tls: of a connection, dns: of a name; no path, which may hold secrets. */
  origin: string;
  startedAt: number;
  endedAt: number;
  /** 0: no answer. */
  status: number;
  sentBytes: number;
  receivedBytes: number;
  outcome: "answered" | "aborted" | EgressProblem["kind"];
}

/** Requests outward by how they ended: how many, and the bytes of their bodies. */
export type EgressCounts = Partial<
  Record<
    EgressRecord["outcome"],
    { requests: number; sentBytes: number; receivedBytes: number }
  >
>;
