/** Traces in OTLP's JSON form, as our tests want to read them. */
import type { ReceivedSpan } from "./otlp-receiver.ts";

interface KeyValue {
  key: string;
  value?: Record<string, unknown>;
}

interface JsonSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  traceState?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  events?: { name: string; timeUnixNano: string; attributes?: KeyValue[] }[];
  status?: { code?: number };
}

interface JsonRequest {
  resourceSpans?: {
    resource?: { attributes?: KeyValue[] };
    scopeSpans?: { spans?: JsonSpan[] }[];
  }[];
}

/** The spans of an export request. `idOf` turns its ids into hex. */
export function spansOf(
  request: unknown,
  idOf: (id: string) => string,
): ReceivedSpan[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a malformed request fails in the reading below
  const { resourceSpans = [] } = request as JsonRequest;
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const attributes = attributesOf(resource?.attributes);
    return scopeSpans.flatMap(({ spans = [] }) =>
      spans.map((span) => spanOf(span, attributes, idOf)),
    );
  });
}

function spanOf(
  span: JsonSpan,
  resource: Record<string, unknown>,
  idOf: (id: string) => string,
): ReceivedSpan {
  return {
    service: String(resource["service.name"]),
    resource,
    traceId: idOf(span.traceId),
    spanId: idOf(span.spanId),
    parentSpanId: idOf(span.parentSpanId ?? ""),
    traceState: span.traceState ?? "",
    name: span.name,
    kind: span.kind,
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      timeNs: BigInt(event.timeUnixNano),
      attributes: attributesOf(event.attributes),
    })),
    statusCode: span.status?.code ?? 0,
  };
}

function attributesOf(pairs: KeyValue[] = []): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value = {} }) => [key, valueOf(value)]),
  );
}

function valueOf(value: Record<string, unknown>): unknown {
  // 64-bit integers are strings in JSON; ours are small.
  if ("intValue" in value) return Number(value["intValue"]);
  return Object.values(value)[0];
}
