/** The exporter that OTEL_* asks for, telling the log when it begins to fail and when it works again. */
import { ExportResultCode } from "@opentelemetry/core";
import type { ExportResult } from "@opentelemetry/core";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { ConsoleSpanExporter } from "@opentelemetry/sdk-trace";
import type { ReadableSpan, SpanExporter } from "@opentelemetry/sdk-trace";
import { readOtlpProtocol } from "./settings.ts";
import type { TraceExporter } from "./settings.ts";

/** The two lines telemetry has to say; a pino logger fits. */
export interface TelemetryLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/** Makes the exporter of that kind. */
export function createExporter(
  kind: Exclude<TraceExporter, "none">,
  log: TelemetryLog,
): SpanExporter {
  const exporter = kind === "console" ? new ConsoleSpanExporter() : otlp();
  let isFailing = false;
  return {
    export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
      exporter.export(spans, (result) => {
        const failed = result.code !== ExportResultCode.SUCCESS;
        if (failed && !isFailing)
          log.warn({ error: result.error?.message }, "trace export fails");
        if (!failed && isFailing) log.info({}, "trace export works again");
        isFailing = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

function otlp(): SpanExporter {
  const protocol = readOtlpProtocol();
  if (protocol === "grpc") return new GrpcExporter();
  if (protocol === "http/json") return new JsonExporter();
  return new ProtobufExporter();
}
