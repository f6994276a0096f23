/** A gate whose other side is the test: it sees what is asked outward, and says what comes back. */
import type {
  EgressGate,
  EgressRequest,
  EgressSink,
} from "../../sandboxd/supervisor/egress.ts";

export interface FakeExchange {
  readonly request: EgressRequest;
  readonly sink: EgressSink;
  /** Bytes that were let come. */
  pulledBytes: number;
  isAborted: boolean;
}

export interface FakeGate extends EgressGate {
  readonly exchanges: FakeExchange[];
}

export function fakeGate(
  opened: (exchange: FakeExchange) => void = () => undefined,
): FakeGate {
  const exchanges: FakeExchange[] = [];
  return {
    exchanges,
    open(request, sink) {
      const exchange = { request, sink, pulledBytes: 0, isAborted: false };
      exchanges.push(exchange);
      setImmediate(() => opened(exchange));
      return {
        pull: (bytes) => (exchange.pulledBytes += bytes),
        abort: () => (exchange.isAborted = true),
      };
    },
  };
}

/** The head of an answer with nothing remarkable in it. */
export const plainHead = {
  status: 200,
  statusText: "OK",
  headers: [],
  url: "http://example.com/",
  isRedirected: false,
};
