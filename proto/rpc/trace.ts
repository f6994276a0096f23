/** W3C trace context across our wires, and the span of a call served. */
import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
} from "@opentelemetry/api";
import { AnnexError } from "../errors.ts";
import { headerOf, type RpcMetadata } from "./service.ts";

/** The trace headers of the active context; empty where nothing is traced. */
export function traceHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  return headers;
}

/** The trace headers that continue a span; empty without one. */
export function traceHeadersOf(span: Span | undefined): Record<string, string> {
  if (!span) return {};
  const headers: Record<string, string> = {};
  propagation.inject(trace.setSpan(context.active(), span), headers);
  return headers;
}

/** The context that a caller's headers, or a stored traceparent, continue. */
export function contextOf(metadata: RpcMetadata): Context {
  return propagation.extract(context.active(), metadata, {
    get: (carrier, name) => headerOf(carrier, name),
    keys: () => [],
  });
}

/** Told of every call served: `service/method`, an error's code or "ok", and how long it took. */
export type CallObserver = (
  method: string,
  code: string,
  seconds: number,
) => void;

/** One call as it came. */
export interface ServedCall {
  /** /package.Service/Method */
  path: string;
  metadata: RpcMetadata;
  observe?: CallObserver | undefined;
}

/** Runs one call inside a server span that continues the caller's trace. */
export async function inServerSpan<Answer>(
  { path, metadata, observe }: ServedCall,
  call: () => Promise<Answer>,
): Promise<Answer> {
  const [service = "", method = ""] = path.split("/").slice(-2);
  const name = `${service}/${method}`;
  const parent = contextOf(metadata);
  const span = trace.getTracer("annex").startSpan(
    name,
    {
      kind: SpanKind.SERVER,
      attributes: { "rpc.service": service, "rpc.method": method },
    },
    parent,
  );
  const startedMs = performance.now();
  let code = "ok";
  try {
    return await context.with(trace.setSpan(parent, span), call);
  } catch (thrown) {
    const error = AnnexError.from(thrown);
    code = error.code;
    span.setAttribute("error.type", code);
    span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
    throw thrown;
  } finally {
    span.end();
    observe?.(name, code, (performance.now() - startedMs) / 1000);
  }
}
