import {
  INVALID_SPAN_CONTEXT,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { expect, test, vi } from "vitest";
import { InFlight } from "../../../../controlplane/sync/in-flight.ts";
import { Refusal } from "../../../../proto/gen/annex/sync/v1/sync.ts";

test("tells a trace the reason of a refusal, not the guest's words", () => {
  const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const setStatus = vi.spyOn(span, "setStatus");
  const inFlight = new InFlight();
  const { nonce } = inFlight.add({
    change: {
      name: "keys",
      resource: { kind: "keys" },
      revision: 1,
      removed: false,
      traceparent: undefined,
    },
    hasBundle: false,
    span,
  });
  inFlight.take(
    nonce,
    Refusal.create({ reason: "threw", message: "the guest's secret" }),
  );
  expect(setStatus).toHaveBeenCalledExactlyOnceWith({
    code: SpanStatusCode.ERROR,
    message: "threw",
  });
});
