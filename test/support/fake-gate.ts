/** A gate whose other side is the test: it sees what is asked outward, and says what comes back. */
import type {
  EgressGate,
  EgressRequest,
  EgressSink,
  LookupRequest,
  SocketRequest,
  SocketSink,
} from "../../sandboxd/supervisor/egress.ts";

export interface FakeExchange {
  readonly request: EgressRequest;
  readonly sink: EgressSink;
  /** Bytes that were let come. */
  pulledBytes: number;
  isAborted: boolean;
}

export interface FakeSocket {
  readonly request: SocketRequest;
  readonly sink: SocketSink;
  pulledBytes: number;
  /** What was written and not taken, and all that was asked beside it, in order. */
  readonly asked: string[];
  isAborted: boolean;
}

export interface FakeLookup {
  readonly request: LookupRequest;
  readonly sink: SocketSink;
  isAborted: boolean;
}

export interface FakeGate extends EgressGate {
  readonly exchanges: FakeExchange[];
  readonly sockets: FakeSocket[];
  readonly lookups: FakeLookup[];
}

export function fakeGate(
  opened: (exchange: FakeExchange) => void = () => undefined,
): FakeGate {
  const exchanges: FakeExchange[] = [];
  const sockets: FakeSocket[] = [];
  const lookups: FakeLookup[] = [];
  return {
    exchanges,
    sockets,
    lookups,
    connect(request, sink) {
      const socket: FakeSocket = {
        request,
        sink,
        pulledBytes: 0,
        asked: [],
        isAborted: false,
      };
      sockets.push(socket);
      return {
        pull: (bytes) => (socket.pulledBytes += bytes),
        abort: () => (socket.isAborted = true),
        write: (bytes) => void socket.asked.push(`write ${bytes.toString()}`),
        finish: () => void socket.asked.push("finish"),
        upgrade: (tls) => void socket.asked.push(`upgrade ${tls.toString()}`),
      };
    },
    lookup(request, sink) {
      const lookup: FakeLookup = { request, sink, isAborted: false };
      lookups.push(lookup);
      return {
        pull: () => undefined,
        abort: () => (lookup.isAborted = true),
      };
    },
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

/** Where neither connections nor look-ups are expected. */
export const noSockets: Pick<EgressGate, "connect" | "lookup"> = {
  connect: () => {
    throw new Error("no connection was expected");
  },
  lookup: () => {
    throw new Error("no look-up was expected");
  },
};

/** The head of an answer with nothing remarkable in it. */
export const plainHead = {
  status: 200,
  statusText: "OK",
  headers: [],
};
