/** The worker thread that exports spans: what encodes, connects, waits and retries, outside the supervisor's event loop. */
import { parentPort, workerData } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { createTraceState } from "@opentelemetry/api";
import type { SpanContext } from "@opentelemetry/api";
import { ExportResultCode } from "@opentelemetry/core";
import type { ExportResult } from "@opentelemetry/core";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import type { Resource } from "@opentelemetry/resources";
import {
  BatchSpanProcessor,
  ConsoleSpanExporter,
} from "@opentelemetry/sdk-trace";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import type {
  ExportReply,
  ExportRequest,
  ExportWorkerData,
  PlainSpan,
  PlainSpanContext,
} from "./export.ts";
import { readBatchSettings, readOtlpProtocol, resourceOf } from "./settings.ts";

if (parentPort) serve(parentPort, workerData);

function serve(port: MessagePort, data: ExportWorkerData): void {
  const processor = new BatchSpanProcessor({
    exporter: reporting(createExporter(data), port),
    ...readBatchSettings(),
  });
  const rebuild = rebuilder(resourceOf(data.identity), data.scopeName);
  port.on("message", (request: ExportRequest) => {
    if (request.type === "spans")
      for (const span of request.spans) processor.onEnd(rebuild(span));
    // A failed export has been reported with its batch; the flush has no more to say.
    else processor.forceFlush().catch(() => {});
  });
}

function createExporter({ exporter }: ExportWorkerData): SpanExporter {
  if (exporter === "console") return new ConsoleSpanExporter();
  const protocol = readOtlpProtocol();
  if (protocol === "grpc") return new GrpcExporter();
  if (protocol === "http/json") return new JsonExporter();
  return new ProtobufExporter();
}

/** Tells the supervisor of every batch that has left, so that it can bound what is out. */
function reporting(exporter: SpanExporter, port: MessagePort): SpanExporter {
  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
      exporter.export(spans, (result) => {
        port.postMessage(replyOf(spans.length, result));
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

function replyOf(count: number, result: ExportResult): ExportReply {
  if (result.code === ExportResultCode.SUCCESS) return { count };
  return { count, error: result.error?.message ?? "export failed" };
}

function rebuilder(
  resource: Resource,
  scopeName: string,
): (span: PlainSpan) => ReadableSpan {
  const instrumentationScope = { name: scopeName };
  return ({ context, parent, ...span }) => {
    const spanContext = rebuildContext(context);
    return {
      ...span,
      ...(parent && { parentSpanContext: rebuildContext(parent) }),
      spanContext: () => spanContext,
      links: [],
      droppedLinksCount: 0,
      ended: true,
      resource,
      instrumentationScope,
    };
  };
}

function rebuildContext({
  traceState,
  ...context
}: PlainSpanContext): SpanContext {
  if (traceState === "") return context;
  return { ...context, traceState: createTraceState(traceState) };
}
