/**
 * Spans of an invocation, written after its answer has left so that they cost the caller nothing: on the way supervisor
 * and executor only note times.
 */
import {
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import type {
  Attributes,
  Context,
  HrTime,
  Span,
  Tracer,
} from "@opentelemetry/api";
import type { FailureReason } from "../../proto/errors.ts";
import type { LogLine } from "../protocol.ts";

/** A part of an invocation, in microseconds since its admission. */
export interface Phase {
  startUs: number;
  endUs: number;
}

/** What is known of an invocation once it is over. A phase that was not reached is absent. */
export interface InvocationRecord {
  /** From `parentOf`. */
  parent: Context;
  container: string;
  extension?: string;
  point?: string;
  version?: number;
  invocationId: string;
  caller?: string;
  outcome: "result" | "failure" | "skipped" | "error";
  reason?: FailureReason;
  cold: boolean;
  /** Admission in milliseconds since the epoch, with fraction: performance.timeOrigin + performance.now(). */
  startMs: number;
  /** The answer's leaving, in microseconds since admission. */
  endUs: number;
  /** From admission until an executor took the call. */
  queue?: Phase;
  /** Getting an executor and its isolate ready. */
  acquire?: Phase;
  /** A hit found the version compiled. */
  compile?: Phase & { hit: boolean };
  /** In the guest's code, awaits included. */
  run?: Phase;
  /** What the guest wrote to its console. */
  logs?: readonly LogLine[];
  /** Lines of it that were not kept. */
  droppedLogs?: number;
  /** What its code asked of others. */
  egress?: readonly Egress[];
}

/** A request outward, in microseconds since admission. */
export interface Egress extends Phase {
  method: string;
  /** Scheme, host and port; empty where there was no URL. */
  origin: string;
  /** 0: no answer. */
  status: number;
  sentBytes: number;
  receivedBytes: number;
  outcome: "answered" | "aborted" | "denied" | "limit" | "failed";
}

/** The trace context a request names; the root context where it names none, or a malformed one. */
export function parentOf(traceparent: string, tracestate: string): Context {
  if (traceparent === "") return ROOT_CONTEXT;
  return propagation.extract(ROOT_CONTEXT, { traceparent, tracestate });
}

/** Writes an invocation's spans; at once done where its trace is not sampled. */
export function recordInvocation(
  tracer: Tracer,
  record: InvocationRecord,
): void {
  const span = tracer.startSpan(
    "annex.invoke",
    { kind: SpanKind.SERVER, startTime: timeAt(record.startMs, 0) },
    record.parent,
  );
  if (!span.isRecording()) return;
  span.setAttributes(attributesOf(record));
  if (record.outcome === "failure" || record.outcome === "error")
    span.setStatus({ code: SpanStatusCode.ERROR });
  writePhases(tracer, record, trace.setSpan(record.parent, span));
  span.end(at(record, record.endUs));
}

function attributesOf(record: InvocationRecord): Attributes {
  return {
    "annex.container": record.container,
    "annex.extension": record.extension,
    "annex.point": record.point,
    "annex.version": record.version,
    "annex.invocation_id": record.invocationId,
    "annex.caller": record.caller,
    "annex.outcome": record.outcome,
    "annex.reason": record.reason,
    "annex.cold": record.cold,
  };
}

function writePhases(
  tracer: Tracer,
  record: InvocationRecord,
  parent: Context,
): void {
  const { queue, acquire, compile, run } = record;
  const open = (name: string, phase: Phase) =>
    tracer.startSpan(name, { startTime: at(record, phase.startUs) }, parent);
  if (queue) open("queue", queue).end(at(record, queue.endUs));
  if (acquire) open("isolate acquire", acquire).end(at(record, acquire.endUs));
  if (compile)
    open("compile", compile)
      .setAttribute("annex.compile", compile.hit ? "hit" : "miss")
      .end(at(record, compile.endUs));
  if (!run) return;
  const span = open("run", run);
  writeLogs(span, record.logs ?? []);
  if (record.droppedLogs)
    span.setAttribute("annex.log_lines_dropped", record.droppedLogs);
  writeEgress(tracer, record, trace.setSpan(parent, span));
  span.end(at(record, run.endUs));
}

function writeEgress(
  tracer: Tracer,
  record: InvocationRecord,
  parent: Context,
): void {
  for (const egress of record.egress ?? []) {
    const { method, outcome, startUs, endUs } = egress;
    const name =
      `${spanMethod(method)} ${egress.origin.slice(0, maxOriginChars)}`.trimEnd();
    const span = tracer.startSpan(
      name,
      {
        kind: SpanKind.CLIENT,
        startTime: at(record, startUs),
        attributes: egressAttributes(egress),
      },
      parent,
    );
    if (outcome !== "answered" && outcome !== "aborted")
      span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(at(record, endUs));
  }
}

/** Named by the conventions for HTTP clients; what they say of an error is its status or, without an answer, its kind. */
function egressAttributes(egress: Egress): Attributes {
  const { method, status, sentBytes, receivedBytes, outcome } = egress;
  const url = URL.parse(egress.origin);
  const isError = outcome !== "answered" && outcome !== "aborted";
  const errorType = isError
    ? outcome
    : status >= 400
      ? String(status)
      : undefined;
  const isHttp = url?.protocol === "http:" || url?.protocol === "https:";
  if (url && !isHttp) return socketAttributes(egress, url, errorType);
  return {
    "http.request.method": spanMethod(method),
    ...(spanMethod(method) !== method && {
      "http.request.method_original": method.slice(0, maxMethodChars),
    }),
    "server.address": url?.hostname.slice(0, maxOriginChars),
    "server.port": url ? portOf(url) : undefined,
    "url.scheme": url?.protocol.slice(0, -1),
    "http.response.status_code": status === 0 ? undefined : status,
    "http.request.body.size": sentBytes,
    "http.response.body.size": receivedBytes,
    "error.type": errorType,
    "annex.outcome": outcome,
  };
}

/** Of a connection or a look-up. */
function socketAttributes(
  { sentBytes, receivedBytes, outcome }: Egress,
  url: URL,
  errorType: string | undefined,
): Attributes {
  const isLookup = url.protocol === "dns:";
  return {
    ...(isLookup
      ? { "dns.question.name": url.pathname.slice(0, maxOriginChars) }
      : {
          "network.transport": "tcp",
          "server.address": url.hostname.slice(0, maxOriginChars),
          "server.port": Number(url.port),
          "annex.tls_from_start": url.protocol === "tls:",
        }),
    "annex.sent_bytes": sentBytes,
    "annex.received_bytes": receivedBytes,
    "error.type": errorType,
    "annex.outcome": outcome,
  };
}

const knownMethods = new Set([
  "CONNECT",
  "LOOKUP",
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
  "OPTIONS",
]);
const maxMethodChars = 32;
/** No host's name is longer; a guest may ask for anything. */
const maxOriginChars = 270;

/** A guest may call a method anything. */
function spanMethod(method: string): string {
  return knownMethods.has(method) ? method : "_OTHER";
}

function portOf({ port, protocol }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" ? 443 : 80;
}

function writeLogs(span: Span, lines: readonly LogLine[]): void {
  for (const line of lines)
    span.addEvent(
      "log",
      { "log.severity": line.level, "log.message": line.text },
      line.timeMs,
    );
}

function at(record: InvocationRecord, us: number): HrTime {
  return timeAt(record.startMs, us);
}

/** In seconds and nanoseconds: a float of milliseconds since the epoch is too coarse to add microseconds to. */
function timeAt(startMs: number, us: number): HrTime {
  const ns = Math.round((startMs % 1000) * 1e6 + us * 1000);
  const seconds = Math.floor(ns / 1e9); // below 0 for what began before the call
  return [Math.floor(startMs / 1000) + seconds, ns - seconds * 1e9];
}
