/**
 * Traces and metrics of a control plane. The OpenTelemetry SDK is imported only in the telemetry files; all else uses its
 * API. Spans are exported from this process's own event loop: no hop waits on it.
 *
 * The standard OTEL_* variables are OpenTelemetry's own settings, not ours: its SDK and settings.ts read them
 * from the environment, which is why config.ts does not know them.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { context, propagation, trace } from "@opentelemetry/api";
import type { Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import type { Resource } from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import {
  AlwaysOffSampler,
  BatchSpanProcessor,
  TracerProvider,
} from "@opentelemetry/sdk-trace";
import { createExporter } from "./export.ts";
import type { TelemetryLog } from "./export.ts";
import { createMetrics } from "./metrics.ts";
import type { ControlMetrics } from "./metrics.ts";
import {
  readBatchSettings,
  readSampler,
  readTraceExporter,
  resourceOf,
} from "./settings.ts";
import type { ServiceIdentity } from "./settings.ts";

/** What a running control plane measures with. */
export interface Telemetry {
  tracer: Tracer;
  metrics: ControlMetrics;
  /** Answers GET /metrics in Prometheus' text format. */
  metricsHandler(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when what was sampled so far is exported, or after a bound. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** What telemetry needs to know of its daemon. */
export interface TelemetryOptions extends ServiceIdentity {
  log: TelemetryLog;
}

const scopeName = "annex";
const maxAttributeChars = 4096;
/** A flush, and so the close, waits no longer for the receiver. */
const maxFlushMs = 3000;

/** Starts measuring. Spans are exported only where the environment asks for it. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const resource = resourceOf(options);
  const reader = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  const metrics = createMetrics(meters.getMeter(scopeName));
  const tracers = startTracing(options, resource);
  const unregister = register(tracers);
  const flush = () => flushWithin(tracers);
  return {
    tracer: tracers.getTracer(scopeName),
    metrics,
    metricsHandler: (request, response) =>
      reader.getMetricsRequestHandler(request, response),
    flush,
    async close() {
      unregister();
      metrics.close();
      await flush();
      await meters.shutdown();
    },
  };
}

function startTracing(
  { log }: TelemetryOptions,
  resource: Resource,
): TracerProvider {
  const kind = readTraceExporter();
  // Nobody would see the spans: record none, whatever their parents say.
  if (kind === "none")
    return new TracerProvider({ resource, sampler: new AlwaysOffSampler() });
  const exporter = createExporter(kind, log);
  return new TracerProvider({
    resource,
    sampler: readSampler(),
    spanProcessors: [
      new BatchSpanProcessor({ exporter, ...readBatchSettings() }),
    ],
    spanLimits: { attributeValueLengthLimit: maxAttributeChars },
  });
}

/** Makes the API's calls reach this tracer, with a context that follows awaits: publish, store and push nest. */
function register(tracers: TracerProvider): () => void {
  const contexts = new AsyncLocalStorageContextManager().enable();
  context.setGlobalContextManager(contexts);
  // Stateless and the same for every daemon, so it may stay when this one closes.
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  if (!trace.setGlobalTracerProvider(tracers)) return () => {};
  return () => {
    trace.disable();
    context.disable();
  };
}

/** The SDK's own shutdown waits for the exporter's retries, however long they take. */
async function flushWithin(tracers: TracerProvider): Promise<void> {
  try {
    await tracers.forceFlush({ timeoutMillis: maxFlushMs });
  } catch {
    // The exporter has told the log; what it could not send is lost.
  }
}
