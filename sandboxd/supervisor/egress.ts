/** What the supervisor needs of the broker, the process through which requests outward go. */
import type { EgressHead, EgressProblem, EgressReply } from "../protocol.ts";

/** Opens requests outward. */
export interface EgressGate {
  /** Begins a request; whatever comes of it is told to `sink`, never before this has returned. */
  open(request: EgressRequest, sink: EgressSink): EgressExchange;
}

/** A request of an invocation's code. */
export interface EgressRequest extends Pick<
  EgressReply,
  "method" | "url" | "headers" | "redirect"
> {
  /** Whose rules, limits and proxy hold. From the executor's process, not from what it says. */
  container: string;
  /** Names the invocation, whose requests and bytes are counted together. */
  invocationId: string;
  body: Buffer;
  /** What is left of the invocation's time. */
  wallMs: number;
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

/** What a request outward came to, for spans and counts. Times are in milliseconds of performance.now(). */
export interface EgressRecord {
  method: string;
  /** Scheme, host and port; no path, which may hold secrets. */
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
