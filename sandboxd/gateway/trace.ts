/** The span of one HTTP request, between the caller's and the invocation's. */
import type { IncomingHttpHeaders } from "node:http";
import {
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";

export interface RequestTrace {
  /** The span as the invocation's parent. */
  traceparent: string;
  tracestate: string;
  /** What the answer says of it; empty where nothing is traced. */
  headers: [name: string, value: string][];
  /** `status` is 0 where nothing was answered. */
  end(status: number): void;
}

/** Opens the span of a request, as a child of the one its headers name. */
export function openTrace(
  tracer: Tracer,
  headers: IncomingHttpHeaders,
): RequestTrace {
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const span = tracer.startSpan(
    "gateway run",
    { kind: SpanKind.SERVER },
    parent,
  );
  const carrier: Record<string, string> = {};
  if (isSpanContextValid(span.spanContext()))
    propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier);
  const { traceparent = "", tracestate = "" } = carrier;
  return {
    traceparent,
    tracestate,
    headers: traceparent === "" ? [] : [["traceparent", traceparent]],
    end(status) {
      span.setAttribute("http.response.status_code", status);
      if (status === 0 || status >= 500)
        span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
