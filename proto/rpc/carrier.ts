/**
 * What the hop needs of whatever carries it. Types only and free of grpc-js, so that another carrier than HTTP/2 can be
 * put under the same routing and codec.
 */

/** The side of an open stream that sends. */
export interface MessageStream<Outgoing> {
  /** Sends a message; false when the reader is behind: send no more than is owed until `drained`. */
  send(message: Outgoing): boolean;
  /** Stops reading until `resume`. */
  pause(): void;
  resume(): void;
  /** Ends the stream after what was sent; with an error its status says so. */
  end(error?: unknown): void;
}

/** The side of an open stream that receives. Nothing is called after `closed`. */
export interface MessageReceiver<Incoming> {
  message(message: Incoming): void;
  /** The peer has sent its last message; it still reads. */
  ended(): void;
  /** The reader has caught up. */
  drained(): void;
  /** The stream is over, for whatever reason. */
  closed(error?: unknown): void;
}

/** What is known of a unary call beside its request. */
export interface CallContext {
  /** Aborted when the caller gives up or its deadline passes. */
  signal: AbortSignal;
  /** What the caller's deadline leaves, in milliseconds; undefined without a deadline. */
  remainingMs: number | undefined;
  /** W3C trace context of the call's metadata; empty where it had none. */
  traceparent: string;
  tracestate: string;
}

/** What is known of a stream when it opens. */
export interface StreamContext {
  traceparent: string;
  tracestate: string;
}
