/** An OpenTelemetry collector's door: takes traces over real OTLP/HTTP, protobuf or JSON, and keeps their spans. */
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type {
  IncomingHttpHeaders,
  IncomingMessage,
  Server,
  ServerResponse,
} from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { spansOf } from "./otlp-json.ts";
import { otlpDecoder } from "./otlp-schema.ts";

/** A span as it arrived; ids in hex, times in nanoseconds since the epoch. */
export interface ReceivedSpan {
  service: string;
  resource: Record<string, unknown>;
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  traceState: string;
  name: string;
  /** OTLP's numbers: 1 internal, 2 server, 3 client. */
  kind: number;
  startNs: bigint;
  endNs: bigint;
  attributes: Record<string, unknown>;
  events: {
    name: string;
    timeNs: bigint;
    attributes: Record<string, unknown>;
  }[];
  /** OTLP's numbers: 0 unset, 1 ok, 2 error. */
  statusCode: number;
}

/** A running receiver. */
export interface OtlpReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  url: string;
  /** All spans so far, in order of arrival. */
  spans: readonly ReceivedSpan[];
  /** Export requests so far, refused ones included. */
  requestCount(): number;
  /** Resolves with all spans once they satisfy the predicate; rejects with what did arrive after `timeoutMs`. */
  waitForSpans(
    isEnough: (spans: readonly ReceivedSpan[]) => boolean,
    timeoutMs?: number,
  ): Promise<readonly ReceivedSpan[]>;
  close(): Promise<void>;
}

/** How a receiver answers. */
export interface OtlpReceiverOptions {
  port?: number;
  /** The HTTP status of the next answer; spans are kept only with 200. */
  status?: () => number;
  /** Where given, spans go here and are not kept. */
  take?: (spans: ReceivedSpan[]) => void;
}

/** Starts a receiver on a free port of 127.0.0.1. */
export async function startOtlpReceiver(
  options: OtlpReceiverOptions = {},
): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const arrivals = new EventEmitter();
  const parse = requestParser();
  let requestCount = 0;
  const keep = options.take ?? ((arrived) => void spans.push(...arrived));
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const status = options.status?.() ?? 200;
    const body = await buffer(request);
    requestCount += 1;
    if (status === 200) keep(parse(request.headers, body));
    response.writeHead(status, {
      "content-type": request.headers["content-type"],
    });
    // An empty message in either encoding's form: everything was accepted.
    response.end(isJson(request.headers) ? "{}" : "");
    arrivals.emit("spans");
  };
  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => {
      response.writeHead(400).end();
      // Whoever waits for spans hears of it; so does a test that does not: an unheard error ends the process.
      arrivals.emit("error", error);
    });
  });
  await once(server.listen(options.port ?? 0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${portOf(server)}`,
    spans,
    requestCount: () => requestCount,
    waitForSpans: (isEnough, timeoutMs = 10_000) =>
      waitFor(arrivals, spans, isEnough, timeoutMs),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Those spans whose parent was not received: in a whole trace, only roots and children of the given caller's span. */
export function orphans(
  spans: readonly ReceivedSpan[],
  callerSpanId = "",
): ReceivedSpan[] {
  const known = new Set(spans.map((span) => `${span.traceId}/${span.spanId}`));
  return spans.filter(
    (span) =>
      span.parentSpanId !== callerSpanId &&
      !known.has(`${span.traceId}/${span.parentSpanId}`),
  );
}

function requestParser(): (
  headers: IncomingHttpHeaders,
  body: Buffer,
) => ReceivedSpan[] {
  const decode = otlpDecoder();
  return (headers, body) => {
    const bytes =
      headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
    if (isJson(headers)) return spansOf(JSON.parse(String(bytes)), (id) => id);
    return spansOf(decode(bytes), (id) =>
      Buffer.from(id, "base64").toString("hex"),
    );
  };
}

function isJson(headers: IncomingHttpHeaders): boolean {
  return headers["content-type"] === "application/json";
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the receiver listens on no port");
  return address.port;
}

async function waitFor(
  arrivals: EventEmitter,
  spans: readonly ReceivedSpan[],
  isEnough: (spans: readonly ReceivedSpan[]) => boolean,
  timeoutMs: number,
): Promise<readonly ReceivedSpan[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    while (!isEnough(spans)) await once(arrivals, "spans", { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    const names = spans.map((span) => `${span.service}: ${span.name}`);
    throw new Error(`only these spans came: ${names.join(", ") || "none"}`, {
      cause: error,
    });
  }
  return spans;
}
