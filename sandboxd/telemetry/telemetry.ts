/**
 * Traces and metrics of a host. The OpenTelemetry SDK is imported only in the telemetry files; all else uses its API.
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
import { AlwaysOffSampler, TracerProvider } from "@opentelemetry/sdk-trace";
import { WorkerSpanProcessor } from "./export.ts";
import type { ExportEvents } from "./export.ts";
import { createMetrics } from "./metrics.ts";
import type { HostMetrics } from "./metrics.ts";
import {
  readBatchSettings,
  readSampler,
  readTraceExporter,
  resourceOf,
} from "./settings.ts";
import type { ServiceIdentity } from "./settings.ts";

/** What a running host measures with. */
export interface Telemetry {
  tracer: Tracer;
  metrics: HostMetrics;
  /** Answers GET /metrics in Prometheus' text format. */
  metricsHandler(request: IncomingMessage, response: ServerResponse): void;
  /** Resolves when what was sampled so far is exported, or after a bound. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The two lines telemetry has to say; a pino logger fits. */
export interface TelemetryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** What telemetry needs to know of its daemon. */
export interface TelemetryOptions extends ServiceIdentity {
  log: TelemetryLog;
}

const scopeName = "annex";
/** A guest's log line, as an event of its span, is cut here. */
const maxAttributeChars = 4096;
const maxSpanEvents = 128;

/** Starts measuring. Spans are exported only where the environment asks for it. */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const resource = resourceOf(options);
  const reader = new PrometheusExporter({
    preventServerStart: true,
    withoutScopeInfo: true,
  });
  const meters = new MeterProvider({ resource, readers: [reader] });
  const metrics = createMetrics(meters.getMeter(scopeName));
  const tracers = startTracing(options, resource, metrics);
  const unregister = register(tracers);
  return {
    tracer: tracers.getTracer(scopeName),
    metrics,
    metricsHandler: (request, response) =>
      reader.getMetricsRequestHandler(request, response),
    flush: () => tracers.forceFlush(),
    async close() {
      unregister();
      metrics.close();
      await tracers.shutdown();
      await meters.shutdown();
    },
  };
}

function startTracing(
  options: TelemetryOptions,
  resource: Resource,
  metrics: HostMetrics,
): TracerProvider {
  const exporter = readTraceExporter();
  // Nobody would see the spans: record none, whatever their parents say.
  if (exporter === "none")
    return new TracerProvider({ resource, sampler: new AlwaysOffSampler() });
  const identity = {
    serviceName: options.serviceName,
    instance: options.instance,
  };
  const processor = new WorkerSpanProcessor(
    { exporter, identity, scopeName },
    readBatchSettings(),
    exportEvents(options.log, metrics),
  );
  return new TracerProvider({
    resource,
    sampler: readSampler(),
    spanProcessors: [processor],
    spanLimits: {
      attributeValueLengthLimit: maxAttributeChars,
      eventCountLimit: maxSpanEvents,
    },
  });
}

/** Makes the API's calls reach this tracer, with a context that follows awaits. The hop gives its context itself. */
function register(tracers: TracerProvider): () => void {
  context.setGlobalContextManager(
    new AsyncLocalStorageContextManager().enable(),
  );
  // Stateless and the same for every daemon, so it may stay when this one closes.
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  if (!trace.setGlobalTracerProvider(tracers)) return () => {};
  return () => {
    trace.disable();
    context.disable();
  };
}

function exportEvents(log: TelemetryLog, metrics: HostMetrics): ExportEvents {
  return {
    dropped: (count) => metrics.spansDropped(count),
    changed(error) {
      if (error === undefined) log.info({}, "trace export works again");
      else log.warn({ error }, "trace export fails");
    },
  };
}
