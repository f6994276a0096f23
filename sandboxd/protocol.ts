/**
 * What supervisor and executor say to each other over their pipe. Types only. Each message is a frame (frames.ts): the
 * member below as JSON head, and a raw body where its comment names one.
 */
import type { CallFailure, LimitHit } from "../proto/errors.ts";

/** Supervisor → executor. `id`s are the supervisor's and unique among what is open on the pipe. */
export type ExecutorRequest =
  | StartRequest
  | LoadRequest
  | UpdateRequest
  | UnloadRequest
  | InvokeRequest
  | CancelRequest
  | EgressHead
  | EgressNote
  | EgressChunk
  | EgressEnd
  | EgressFailure;

/** First, and only first. Answered by `ready`. */
export interface StartRequest {
  type: "start";
  /** Whether the isolate it makes ahead has Node's library loaded. */
  isStocked: boolean;
  /** V8 heap limit of each isolate. */
  heapLimitMb: number;
  maxResultBytes: number;
  /** Log lines kept of one invocation, in UTF-8 bytes; what comes after is counted and dropped. */
  maxLogBytes: number;
  /** Host calls (timers) one invocation may have open at once, and make in all. */
  maxOpenHostCalls: number;
  maxHostCalls: number;
  /** Requests outward one invocation may have open at once; the broker counts them in all. */
  maxOpenEgress: number;
}

/** Compile a version in an isolate of its own and evaluate its top level. Body: the bundle, then its source map. */
export interface LoadRequest {
  type: "load";
  id: number;
  /** The supervisor's name for the version: `extension@number#digest`, or `inline:<sha256>`. */
  version: string;
  /** Where in the body the bundle ends and the source map (possibly empty) begins. */
  bundleBytes: number;
  /** How stack frames name a bundle without a source map, e.g. "webtask.js". */
  fileName: string;
  container: string;
  secrets: Record<string, string>;
  meta: Record<string, string>;
  /** The runtime it was built for; absent: this release's own. */
  runtime?: string;
  /** V8 heap of its isolate; absent: that of `start`. */
  heapLimitMb?: number;
  /** Of the top level's run, until it is done with what it awaits. */
  timeoutMs: number;
  /** How long after that time the timers it has set may go on. */
  timersMs: number;
}

/** New secrets or meta for a loaded version; calls that come after see them. */
export interface UpdateRequest {
  type: "update";
  version: string;
  secrets: Record<string, string>;
  meta: Record<string, string>;
}

/** Dispose the version's isolate. The supervisor sends it when no call of the version is open. */
export interface UnloadRequest {
  type: "unload";
  version: string;
}

/** Run a loaded version once. Body: the payload. Answered by `answered`, `failed` or `displaced`. */
export interface InvokeRequest {
  type: "invoke";
  id: number;
  version: string;
  /** ctx.id */
  invocationId: string;
  contentType: string;
  /** When it was sent, by hostClockMs: what it waits in the pipe is time of the call. */
  sentMs: number;
  /** What was left then of the call's wall time, awaits included, and which clock that is. */
  wallMs: number;
  wallClock: "wall_time" | "deadline";
  /** The longest the guest may run without returning to the event loop. */
  syncMs: number;
  /** CPU time it may use in all. */
  cpuMs: number;
  /** Absent: POST / with the payload as its body. */
  http?: GuestRequest;
}

export interface GuestRequest {
  method: string;
  path: string;
  /** Without its question mark. */
  query: string;
  headers: [name: string, value: string][];
}

/** Give up an invocation. Its timers end, and `cancelled` says so, unless its answer was already on the way. */
export interface CancelRequest {
  type: "cancel";
  id: number;
}

/**
 * Egress: a request outward belongs to an open invocation (`id`) and has a number there (`egress`). The executor asks with
 * `egress`, whose body is the request's, and lets the answer's body come by `pull`: no more bytes are sent than were pulled.
 * The answer is one `egress-head`, then any number of `egress-chunk`, then `egress-end`; or at any time `egress-failure`.
 * When the invocation ends, what it has open outward is aborted without a word.
 */
export interface EgressHead {
  type: "egress-head";
  id: number;
  egress: number;
  status: number;
  statusText: string;
  headers: [name: string, value: string][];
}

/** Body: the next bytes of the answer's body, decompressed. */
export interface EgressChunk {
  type: "egress-chunk";
  id: number;
  egress: number;
}

/**
 * A connection (`egress-connect`) or a look-up (`egress-lookup`) is egress too, under a number of its own. Bytes come as a
 * body's do; what else there is to say of it is a note. `egress-end` says that it is closed.
 */
export interface EgressNote {
  type: "egress-note";
  id: number;
  egress: number;
  note: EgressNoteName;
}

/**
 * connected: body, `SocketPlace` as JSON; secured: body, `TlsState`; taken: the next `egress-write` has left; finished: the
 * other side sends no more; found: body, what a look-up found, as JSON.
 */
export type EgressNoteName =
  "connected" | "secured" | "taken" | "finished" | "found";

/** Of a connection. What the host's own address is, is nobody's business in there. */
export interface SocketPlace {
  remoteAddress: string;
  remotePort: number;
  /** 0: unknown. */
  localPort: number;
  /** 4 or 6. */
  family: number;
}

/** What TLS came to. */
export interface TlsState {
  authorized: boolean;
  authorizationError?: string;
  alpnProtocol: string | false;
  protocol: string;
  cipher: { name: string; standardName: string; version: string };
  servername: string;
  isSessionReused: boolean;
  /** The peer's, then its issuers'; as getPeerCertificate gives them, bytes in base64. Empty: it showed none. */
  certificates: Record<string, unknown>[];
  /** As getEphemeralKeyInfo gives it. */
  ephemeralKey: object;
  /** Both sides' last messages of the handshake, in base64. */
  finished: string;
  peerFinished: string;
}

/** How TLS is to be begun on a connection; the broker takes it from the guest as it is, and checks it. */
export interface TlsWishes {
  servername?: string;
  /** Whose name the certificate must bear; absent: any. */
  identity?: string;
  alpnProtocols?: string[];
  /** PEM; none: the well-known roots. */
  ca?: string[];
  cert?: string;
  key?: string;
  ciphers?: string;
  minVersion?: string;
  maxVersion?: string;
  /** Of this connection alone. */
  rejectUnauthorized?: boolean;
}

export interface EgressEnd {
  type: "egress-end";
  id: number;
  egress: number;
}

export interface EgressFailure {
  type: "egress-failure";
  id: number;
  egress: number;
  failure: EgressProblem;
}

/** Why a request outward came to nothing. */
export interface EgressProblem {
  /** denied: by a rule or an address; limit: a cap was reached; failed: the other side, the network or its name. */
  kind: "denied" | "limit" | "failed";
  /** For the author; names no address that the author did not name. */
  message: string;
  limit?: LimitHit;
  /** As Node spells it, e.g. ECONNREFUSED; EACCES where it was denied; of a request that failed as undici does. */
  code?: string;
}

/** Executor → supervisor. */
export type ExecutorReply =
  | ReadyReply
  | LoadedReply
  | SettledReply
  | AnsweredReply
  | FailedReply
  | DisplacedReply
  | CancelledReply
  | DiscardedReply
  | LoggedReply
  | EgressReply
  | EgressConnectReply
  | EgressLookupReply
  | EgressWriteReply
  | EgressFinishReply
  | EgressUpgradeReply
  | EgressPullReply
  | EgressAbortReply;

/** Walled, started, with an isolate in hand. */
export interface ReadyReply {
  type: "ready";
}

/** The answer to `load`, when the top level is done with what it awaits: with `failure` nothing was kept. */
export interface LoadedReply {
  type: "loaded";
  id: number;
  failure?: LoadFailure;
  compileUs: number;
  evaluateUs: number;
  /** Nothing of the top level goes on; otherwise `settled` follows. */
  isSettled: boolean;
}

/** The timers that a version's top level had left have ended. */
export interface SettledReply {
  type: "settled";
  /** Of the `load`. */
  id: number;
}

/** Why a version cannot be served, with the place in the author's source where it is known. */
export interface LoadFailure extends CallFailure {
  file?: string;
  line?: number;
  column?: number;
}

/** A result. Body: the result's bytes. */
export interface AnsweredReply {
  type: "answered";
  id: number;
  contentType: string;
  httpStatus: number;
  headers: [name: string, value: string][];
  runUs: number;
}

export interface FailedReply {
  type: "failed";
  id: number;
  failure: CallFailure;
  runUs: number;
}

/** The call's isolate was discarded for another call's sake before it was answered. */
export interface DisplacedReply {
  type: "displaced";
  id: number;
  /** Host calls with effects outside the isolate it had made: with none, it may be run again elsewhere. */
  effects: number;
}

/** A cancelled invocation no longer runs: until then the supervisor counts it as running. */
export interface CancelledReply {
  type: "cancelled";
  id: number;
}

/** The version's isolate is gone after a limit was hit: load it again before the next call. */
export interface DiscardedReply {
  type: "discarded";
  version: string;
}

/** An invocation asks for a request outward. Body: the request's body. */
export interface EgressReply {
  type: "egress";
  id: number;
  egress: number;
  method: string;
  url: string;
  headers: [name: string, value: string][];
}

/** So many more bytes of the answer's body may be sent. */
export interface EgressPullReply {
  type: "egress-pull";
  id: number;
  egress: number;
  bytes: number;
}

/** An invocation asks for a connection. Body: nothing, or the `TlsWishes` that it begins with, as JSON. */
export interface EgressConnectReply {
  type: "egress-connect";
  id: number;
  egress: number;
  host: string;
  port: number;
  /** Of the host's addresses the one to take, if it has it. Empty: any. */
  address: string;
}

/** An invocation asks what a name stands for. */
export interface EgressLookupReply {
  type: "egress-lookup";
  id: number;
  egress: number;
  name: string;
  record: LookupRecord;
}

/** `address`: all addresses, as the host finds them; `reverse`: the names of an address; else the records of DNS. */
export type LookupRecord =
  | "address"
  | "reverse"
  | "A"
  | "AAAA"
  | "CNAME"
  | "MX"
  | "NS"
  | "PTR"
  | "SOA"
  | "SRV"
  | "TXT";

/** Body: bytes for the other side. No more than `maxUntakenWrites` (egress-bounds.ts) wait for their `taken`. */
export interface EgressWriteReply {
  type: "egress-write";
  id: number;
  egress: number;
}

/** Nothing more will be written. */
export interface EgressFinishReply {
  type: "egress-finish";
  id: number;
  egress: number;
}

/** TLS from here on. Once for a connection that began without. Body: `TlsWishes` as JSON. */
export interface EgressUpgradeReply {
  type: "egress-upgrade";
  id: number;
  egress: number;
}

export interface EgressAbortReply {
  type: "egress-abort";
  id: number;
  egress: number;
}

/**
 * What an invocation's code wrote to its console: sent whenever it waits, so that what it has said survives it (the first
 * time without any lines too, which says that it waits), just before its answer, and again for lines that came after it, such as the one that tells of a second callback.
 */
export interface LoggedReply {
  type: "logged";
  id: number;
  version: string;
  invocationId: string;
  lines: LogLine[];
  /** Lines beyond maxLogBytes. */
  dropped: number;
}

export interface LogLine {
  level: "debug" | "log" | "info" | "warn" | "error";
  /** Milliseconds since the Unix epoch. */
  timeMs: number;
  text: string;
}
