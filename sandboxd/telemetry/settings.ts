/**
 * OpenTelemetry's own settings. Its SDK reads OTEL_EXPORTER_OTLP_* and OTEL_RESOURCE_ATTRIBUTES by itself; those that
 * tell which SDK parts to put together are left to us, and read here.
 */
import { diag } from "@opentelemetry/api";
import {
  getBooleanFromEnv,
  getNumberFromEnv,
  getStringFromEnv,
} from "@opentelemetry/core";
import {
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from "@opentelemetry/resources";
import type { Resource } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace";
import type { Sampler } from "@opentelemetry/sdk-trace";
import {
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
} from "@opentelemetry/semantic-conventions";

/** Where spans go. */
export type TraceExporter = "none" | "otlp" | "console";

/** How spans are batched on their way out: OTEL_BSP_*, with OpenTelemetry's defaults. */
export interface BatchSettings {
  maxQueueSize: number;
  maxExportBatchSize: number;
  scheduledDelayMillis: number;
  exportTimeoutMillis: number;
}

/** Who says what is exported. */
export interface ServiceIdentity {
  serviceName: string;
  /** Tells one running daemon from another of the same service. */
  instance: string;
}

/** Where spans go: nowhere unless asked for, by name or by giving an OTLP endpoint. */
export function readTraceExporter(): TraceExporter {
  if (getBooleanFromEnv("OTEL_SDK_DISABLED")) return "none";
  const asked = getStringFromEnv("OTEL_TRACES_EXPORTER");
  if (asked === undefined) return hasEndpoint() ? "otlp" : "none";
  if (asked === "none" || asked === "otlp" || asked === "console") return asked;
  // OpenTelemetry wants an unknown value warned of and ignored: the variable is often set for a whole machine.
  diag.warn(
    `OTEL_TRACES_EXPORTER=${asked} is not known: use otlp, console or none; exporting nothing`,
  );
  return "none";
}

/** Who decides whether a trace is kept: OTEL_TRACES_SAMPLER and its argument. */
export function readSampler(): Sampler {
  const name =
    getStringFromEnv("OTEL_TRACES_SAMPLER") ?? "parentbased_always_on";
  const root = rootSampler(name.replace("parentbased_", ""));
  if (root)
    return name.startsWith("parentbased_")
      ? new ParentBasedSampler({ root })
      : root;
  diag.warn(
    `OTEL_TRACES_SAMPLER=${name} is not known: using parentbased_always_on`,
  );
  return new ParentBasedSampler({ root: new AlwaysOnSampler() });
}

/** How spans are batched. */
export function readBatchSettings(): BatchSettings {
  return {
    maxQueueSize: getNumberFromEnv("OTEL_BSP_MAX_QUEUE_SIZE") ?? 2048,
    maxExportBatchSize:
      getNumberFromEnv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") ?? 512,
    scheduledDelayMillis: getNumberFromEnv("OTEL_BSP_SCHEDULE_DELAY") ?? 5000,
    exportTimeoutMillis: getNumberFromEnv("OTEL_BSP_EXPORT_TIMEOUT") ?? 30_000,
  };
}

/** The OTLP carrier; an unknown one is read as OpenTelemetry's default. */
export function readOtlpProtocol(): "grpc" | "http/protobuf" | "http/json" {
  const asked =
    getStringFromEnv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") ??
    getStringFromEnv("OTEL_EXPORTER_OTLP_PROTOCOL");
  return asked === "grpc" || asked === "http/json" ? asked : "http/protobuf";
}

/** What names this daemon in every export; the environment's word goes over ours. */
export function resourceOf(identity: ServiceIdentity): Resource {
  const ours = resourceFromAttributes({
    [ATTR_SERVICE_NAME]: identity.serviceName,
    [ATTR_SERVICE_INSTANCE_ID]: identity.instance,
  });
  const detectors = [resourceAttributesEnvDetector, serviceNameEnvDetector];
  return ours.merge(detectResources({ detectors }));
}

function hasEndpoint(): boolean {
  return (
    getStringFromEnv("OTEL_EXPORTER_OTLP_ENDPOINT") !== undefined ||
    getStringFromEnv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") !== undefined
  );
}

function rootSampler(name: string): Sampler | undefined {
  switch (name) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(
        getNumberFromEnv("OTEL_TRACES_SAMPLER_ARG") ?? 1,
      );
    default:
      return undefined;
  }
}
