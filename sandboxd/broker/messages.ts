/**
 * What sandboxd and its broker say to each other over their pipe, in frames (frames.ts). Types, and the bounds that both
 * sides keep.
 */
import type {
  EgressNoteName,
  EgressProblem,
  LookupRecord,
} from "../protocol.ts";
import type { ContainerPolicy } from "./policy.ts";

/** sandboxd → broker. `id`s are sandboxd's and never used twice on a pipe. */
export type BrokerRequest =
  | BrokerStart
  /** Those of the host's interfaces have changed. */
  | { type: "addresses"; ownAddresses: string[] }
  | { type: "policy"; container: string; policy: ContainerPolicy }
  | { type: "forget"; container: string }
  | OpenRequest
  | ConnectRequest
  | LookupRequest
  /** Body: bytes for the other side of a connection; answered by the note `taken`. */
  | { type: "write"; id: number }
  /** Nothing more will be written. */
  | { type: "finish"; id: number }
  /** Body: `TlsWishes` as the guest's JSON, not checked; answered by the note `secured`. */
  | { type: "upgrade"; id: number }
  /** So many more bytes of the body may be sent: none before the first of these. */
  | { type: "pull"; id: number; bytes: number }
  /** Nothing is answered any more. */
  | { type: "abort"; id: number };

/** First, and only first. Answered by `ready`. */
export interface BrokerStart {
  type: "start";
  /** Requests one invocation may have open at once. */
  maxOpen: number;
  /** Of the host's interfaces. */
  ownAddresses: string[];
}

/** Who asks. The container's policy was sent before. */
interface Asked {
  id: number;
  container: string;
  invocationId: string;
  /** What is left of the invocation's time. */
  wallMs: number;
}

/** Body: `TlsWishes` as the guest's JSON, not checked; or nothing. */
export interface ConnectRequest extends Asked {
  type: "connect";
  host: string;
  port: number;
  address: string;
}

export interface LookupRequest extends Asked {
  type: "lookup";
  name: string;
  record: LookupRecord;
}

/** Body: the request's. */
export interface OpenRequest extends Asked {
  type: "open";
  method: string;
  url: string;
  headers: [name: string, value: string][];
}

/** broker → sandboxd: a head, chunks and an end, or at any time a failure, after which nothing comes. */
export type BrokerReply =
  | { type: "ready" }
  | AnswerHead
  /** Of a connection or a look-up; body: what protocol.ts says. */
  | { type: "note"; id: number; note: EgressNoteName }
  /** Body: the next bytes of the answer's, decompressed. */
  | { type: "chunk"; id: number }
  | { type: "end"; id: number }
  | { type: "failure"; id: number; failure: EgressProblem };

export interface AnswerHead {
  type: "head";
  id: number;
  status: number;
  statusText: string;
  headers: [name: string, value: string][];
}

/** No failure's message is longer; what is, is cut before it is sent. */
export const maxMessageChars = 1024;
/** No chunk is longer. */
export const maxChunkBytes = 64 * 1024;
/** No head of an answer holds more headers. */
export const maxAnswerHeaders = 256;
/** No head of a frame that the broker sends is longer: an answer's headers are at most 16 KiB, escaped as JSON. */
export const maxReplyHeadBytes = 256 * 1024;
