/** Turns what a caller asks for into the wire's request. */
import { context, trace } from "@opentelemetry/api";
import { AnnexError } from "../../proto/errors.ts";
import type { InvokeRequest } from "../../proto/gen/annex/invoke/v1/invoke.ts";

/** One call: of `extension`, or of what is bound at `point`. */
export interface InvokeOptions {
  container: string;
  extension?: string;
  point?: string;
  /** Bytes are sent as they are; anything else as JSON. Absent: an empty body. */
  payload?: unknown;
  /** Of bytes; JSON is application/json. */
  contentType?: string;
  /** How long to wait, in milliseconds. When it is over the outcome is the failure `deadline`. */
  timeoutMs?: number;
  /** CPU time the call may use, in milliseconds; narrows what container and point allow. */
  cpuMs?: number;
  /** The longest the code may run without returning to the event loop, in milliseconds; narrows likewise. */
  syncMs?: number;
  /** Gives the call up. */
  signal?: AbortSignal | undefined;
  /** The HTTP request the code shall see. */
  http?: {
    method?: string;
    path?: string;
    query?: string;
    headers?: Record<string, string | string[]>;
  };
}

const maxTimeoutMs = 2 ** 32 - 1;

/** Throws `invalid` where the options cannot mean a call. */
export function requestOf(
  options: InvokeOptions,
  client: { caller?: string; token?: string },
): InvokeRequest {
  return {
    container: options.container,
    target: targetOf(options),
    payload: payloadOf(options.payload),
    contentType: options.contentType ?? "",
    timeoutMs: timeoutOf(options.timeoutMs),
    cpuMs: timeoutOf(options.cpuMs),
    syncMs: timeoutOf(options.syncMs),
    ...activeTrace(),
    token: client.token ?? "",
    caller: client.caller ?? "",
    http: options.http && httpOf(options.http),
  };
}

function targetOf({
  extension,
  point,
}: InvokeOptions): InvokeRequest["target"] {
  if (extension !== undefined && point === undefined)
    return { $case: "extension", value: extension };
  if (point !== undefined && extension === undefined)
    return { $case: "point", value: point };
  throw new AnnexError(
    "invalid",
    "name what to call: either extension or point",
  );
}

function payloadOf(payload: unknown): Buffer {
  if (payload === undefined) return Buffer.alloc(0);
  if (payload instanceof Uint8Array)
    return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const json: string | undefined = JSON.stringify(payload);
  if (json === undefined)
    throw new AnnexError(
      "invalid",
      `a payload of type ${typeof payload} is no JSON`,
    );
  return Buffer.from(json);
}

function timeoutOf(timeoutMs: number | undefined): number {
  if (timeoutMs === undefined) return 0;
  if (timeoutMs > 0 && timeoutMs <= maxTimeoutMs) return Math.ceil(timeoutMs);
  throw new AnnexError(
    "invalid",
    `timeoutMs is ${timeoutMs}; it must be more than 0`,
  );
}

/** The active span's context in W3C's form, whatever propagator the process has. */
function activeTrace(): { traceparent: string; tracestate: string } {
  const span = trace.getSpanContext(context.active());
  if (!span) return { traceparent: "", tracestate: "" };
  const flags = span.traceFlags.toString(16).padStart(2, "0");
  return {
    traceparent: `00-${span.traceId}-${span.spanId}-${flags}`,
    tracestate: span.traceState?.serialize() ?? "",
  };
}

function httpOf(
  http: NonNullable<InvokeOptions["http"]>,
): NonNullable<InvokeRequest["http"]> {
  const headers = Object.entries(http.headers ?? {}).flatMap(([name, value]) =>
    [value].flat().map((one) => ({ name, value: one })),
  );
  return {
    method: http.method ?? "",
    path: http.path ?? "",
    query: http.query ?? "",
    headers,
  };
}
