/** Everything the gateway bounds, by name. */
export interface GatewayLimits {
  /** Of a request's body where it is the payload. */
  maxPayloadBytes: number;
  /** Of a request's body where it is the code to run. */
  maxSourceBytes: number;
  /** Of a request's line and headers. */
  maxRequestHeaderBytes: number;
  /** Of the headers that code gives to its answer: clients take little more. */
  maxAnswerHeaderBytes: number;
  maxConnections: number;
  /** From a connection's first byte until a request's headers are complete. */
  headersTimeoutMs: number;
  /** From a request's first byte until its body is complete. */
  requestTimeoutMs: number;
  /** How often the two above are looked at. */
  connectionsCheckingIntervalMs: number;
  /** How long an idle connection is kept: longer than load balancers keep theirs. */
  keepAliveTimeoutMs: number;
  /** How long a reader of an answer may take nothing. */
  answerIdleTimeoutMs: number;
  /** How much of a body nobody wants is read, and how long, so that its sender sees the answer before the connection goes. */
  maxDiscardBytes: number;
  maxDiscardMs: number;
  /** How long `close` waits for what is in flight. */
  closeGraceMs: number;
}

/** The given limits; where one is not given, the default. */
export function resolveLimits(given: Partial<GatewayLimits>): GatewayLimits {
  return {
    maxPayloadBytes: 1024 * 1024,
    maxSourceBytes: 1024 * 1024,
    maxRequestHeaderBytes: 32 * 1024,
    maxAnswerHeaderBytes: 16 * 1024,
    maxConnections: 10_000,
    headersTimeoutMs: 10_000,
    requestTimeoutMs: 60_000,
    connectionsCheckingIntervalMs: 5_000,
    keepAliveTimeoutMs: 65_000,
    answerIdleTimeoutMs: 30_000,
    maxDiscardBytes: 1024 * 1024,
    maxDiscardMs: 1_000,
    closeGraceMs: 10_000,
    ...given,
  };
}
