/**
 * The part of OTLP's trace messages that our tests look at, as descriptors: the exporter's own package can only encode.
 * Field numbers are those of opentelemetry/proto/trace/v1/trace.proto; fields left out here are skipped on reading.
 */
import {
  createFileRegistry,
  fromBinary,
  fromJson,
  toJson,
} from "@bufbuild/protobuf";
import type { DescMessage, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** Gives a function that turns a binary ExportTraceServiceRequest into its JSON form. */
export function otlpDecoder(): (bytes: Uint8Array) => JsonValue {
  const file = fromJson(FileDescriptorProtoSchema, {
    name: "otlp.proto",
    package: "otlp",
    syntax: "proto3",
    messageType: messages(),
  });
  const registry = createFileRegistry(file, () => undefined);
  const request = registry.getMessage("otlp.Request");
  if (!request) throw new Error("the OTLP descriptors lack their request");
  return (bytes) => decode(request, bytes);
}

function decode(request: DescMessage, bytes: Uint8Array): JsonValue {
  return toJson(request, fromBinary(request, bytes), {
    alwaysEmitImplicit: true,
  });
}

function messages(): JsonObject[] {
  return [
    message("Request", list("resourceSpans", 1, "ResourceSpans")),
    message(
      "ResourceSpans",
      one("resource", 1, "Resource"),
      list("scopeSpans", 2, "ScopeSpans"),
    ),
    message("Resource", list("attributes", 1, "KeyValue")),
    message("ScopeSpans", list("spans", 2, "Span")),
    message(
      "Span",
      scalar("traceId", 1, "TYPE_BYTES"),
      scalar("spanId", 2, "TYPE_BYTES"),
      scalar("traceState", 3, "TYPE_STRING"),
      scalar("parentSpanId", 4, "TYPE_BYTES"),
      scalar("name", 5, "TYPE_STRING"),
      scalar("kind", 6, "TYPE_INT32"),
      scalar("startTimeUnixNano", 7, "TYPE_FIXED64"),
      scalar("endTimeUnixNano", 8, "TYPE_FIXED64"),
      list("attributes", 9, "KeyValue"),
      list("events", 11, "Event"),
      one("status", 15, "Status"),
    ),
    message(
      "Event",
      scalar("timeUnixNano", 1, "TYPE_FIXED64"),
      scalar("name", 2, "TYPE_STRING"),
      list("attributes", 3, "KeyValue"),
    ),
    message(
      "Status",
      scalar("message", 2, "TYPE_STRING"),
      scalar("code", 3, "TYPE_INT32"),
    ),
    message(
      "KeyValue",
      scalar("key", 1, "TYPE_STRING"),
      one("value", 2, "AnyValue"),
    ),
    {
      ...message(
        "AnyValue",
        choice("stringValue", 1, "TYPE_STRING"),
        choice("boolValue", 2, "TYPE_BOOL"),
        choice("intValue", 3, "TYPE_INT64"),
        choice("doubleValue", 4, "TYPE_DOUBLE"),
      ),
      oneofDecl: [{ name: "value" }],
    },
  ];
}

type Field = JsonObject;

function message(name: string, ...field: Field[]): JsonObject {
  return { name, field };
}

function scalar(name: string, number: number, type: string): Field {
  return { name, jsonName: name, number, type, label: "LABEL_OPTIONAL" };
}

function choice(name: string, number: number, type: string): Field {
  return { ...scalar(name, number, type), oneofIndex: 0 };
}

function one(name: string, number: number, typeName: string): Field {
  return {
    ...scalar(name, number, "TYPE_MESSAGE"),
    typeName: `.otlp.${typeName}`,
  };
}

function list(name: string, number: number, typeName: string): Field {
  return { ...one(name, number, typeName), label: "LABEL_REPEATED" };
}
