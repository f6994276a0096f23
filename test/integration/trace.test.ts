/** One trace of an invocation, and one of a publish, as a collector receives them. */
import { context, trace, TraceFlags } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { startAnnex } from "../support/annex.ts";
import {
  startOtlpReceiver,
  type OtlpReceiver,
  type ReceivedSpan,
} from "../support/otlp-receiver.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const callerSpanId = "b7ad6b7169203331";
const sampled = `00-${traceId}-${callerSpanId}-01`;

beforeAll(() => {
  context.setGlobalContextManager(
    new AsyncLocalStorageContextManager().enable(),
  );
});

async function startTraced(env: NodeJS.ProcessEnv = {}) {
  const receiver = await startOtlpReceiver();
  onTestFinished(() => receiver.close());
  const annex = await startAnnex({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      ...env,
    },
  });
  await annex.createContainer("acme");
  return { annex, receiver };
}

const hello =
  "module.exports = (ctx, cb) => { console.log('saying hello'); cb(null, {}); };";
const call = { container: "acme", extension: "hello", payload: {} };

function named(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const found = spans.find((span) => span.name === name);
  if (!found)
    throw new Error(
      `no span ${name} among ${spans.map((span) => span.name).join(", ")}`,
    );
  return found;
}

/** The invocation that went on with the caller's trace. */
async function invocationOf(receiver: OtlpReceiver): Promise<ReceivedSpan[]> {
  const spans = await receiver.waitForSpans(
    (all) =>
      ofTrace(all).some(({ name }) => name === "annex.invoke") &&
      ofTrace(all).some(({ name }) => name === "run"),
    20_000,
  );
  return ofTrace(spans);
}

test("the caller's active span is the parent of annex.invoke, and every phase is a child of that", async () => {
  const { annex, receiver } = await startTraced();
  await annex.publish("acme", "hello", hello);
  const caller = trace.wrapSpanContext({
    traceId,
    spanId: callerSpanId,
    traceFlags: TraceFlags.SAMPLED,
  });
  const active = trace.setSpan(context.active(), caller);
  await context.with(active, () =>
    annex.client({ caller: "signup" }).invoke(call),
  );

  const spans = await invocationOf(receiver);
  const invoke = named(spans, "annex.invoke");
  expect(invoke).toMatchObject({
    parentSpanId: callerSpanId,
    kind: 2,
    service: "annex-sandboxd",
  });
  expect(invoke.attributes).toMatchObject({
    "annex.container": "acme",
    "annex.extension": "hello",
    "annex.version": 1,
    "annex.outcome": "result",
    "annex.caller": "signup",
    "annex.cold": true,
  });
  for (const phase of ["queue", "isolate acquire", "compile", "run"]) {
    const span = named(spans, phase);
    expect([phase, span.parentSpanId]).toEqual([phase, invoke.spanId]);
    expect(span.startNs >= invoke.startNs && span.endNs <= invoke.endNs).toBe(
      true,
    );
  }
  expect(named(spans, "compile").attributes).toMatchObject({
    "annex.compile": "miss",
  });
  expect(named(spans, "run").events[0]?.attributes).toMatchObject({
    "log.message": "saying hello",
  });
});

test("a warm call's compile is a hit", async () => {
  const { annex, receiver } = await startTraced();
  await annex.publish("acme", "hello", hello);
  const client = annex.client();
  await client.invoke(call);
  const caller = trace.wrapSpanContext({
    traceId,
    spanId: callerSpanId,
    traceFlags: TraceFlags.SAMPLED,
  });
  await context.with(trace.setSpan(context.active(), caller), () =>
    client.invoke(call),
  );
  const spans = await invocationOf(receiver);
  expect(named(spans, "compile").attributes).toMatchObject({
    "annex.compile": "hit",
  });
});

test("over HTTP the answer names its span, and the invocation is below it", async () => {
  const { annex, receiver } = await startTraced();
  await annex.publish("acme", "hello", hello);
  const response = await fetch(`${annex.gateway}/api/run/acme/hello`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${await annex.tokenFor("acme")}`,
      traceparent: sampled,
    },
  });
  const spans = await invocationOf(receiver);
  const gateway = await receiver.waitForSpans(
    (all) => all.some(({ name }) => name === "gateway run"),
    20_000,
  );
  const run = named(gateway, "gateway run");
  expect(run.parentSpanId).toBe(callerSpanId);
  expect(response.headers.get("traceparent")).toBe(
    `00-${traceId}-${run.spanId}-01`,
  );
  expect(named(spans, "annex.invoke").parentSpanId).toBe(run.spanId);
});

test("a caller that did not sample is not traced", async () => {
  const { annex, receiver } = await startTraced();
  await annex.publish("acme", "hello", hello);
  const headers = { authorization: `Bearer ${await annex.tokenFor("acme")}` };
  const run = (traceparent: string) =>
    fetch(`${annex.gateway}/api/run/acme/hello`, {
      method: "POST",
      headers: { ...headers, traceparent },
    });
  const unsampledId = "1".repeat(32);
  await run(`00-${unsampledId}-${callerSpanId}-00`);
  await run(sampled); // what comes after it has arrived, so it would have, too
  const spans = await invocationOf(receiver);
  expect(spans.length).toBeGreaterThan(0);
  expect(receiver.spans.filter((span) => span.traceId === unsampledId)).toEqual(
    [],
  );
});

test("one trace leads from a publish through the push to the host that took it", async () => {
  const { annex, receiver } = await startTraced();
  await annex.publish("acme", "hello", hello);
  const applyOf = (all: readonly ReceivedSpan[]) =>
    all.find(
      ({ name, traceId: id }) =>
        name === "sync apply" && id === publishOf(all)?.traceId,
    );
  const spans = await receiver.waitForSpans(
    (all) => applyOf(all) !== undefined,
    20_000,
  );
  const [publish, ofPublish] = [publishOf(spans), applyOf(spans)];
  expect(publish).toMatchObject({ service: "annex-controlplane" });
  expect(ofPublish).toMatchObject({ service: "annex-sandboxd" });
  // From the host's apply upward every parent is there, up to the publish.
  const byId = new Map(receiver.spans.map((span) => [span.spanId, span]));
  const names: string[] = [];
  for (let span = ofPublish; span; span = byId.get(span.parentSpanId))
    names.push(span.name);
  expect(names).toEqual(["sync apply", "push change", publish?.name]);
});

test("nothing is exported unless asked", async () => {
  const { annex, receiver } = await startTraced({
    OTEL_EXPORTER_OTLP_ENDPOINT: "",
  });
  await annex.publish("acme", "hello", hello);
  await annex.client().invoke(call);
  await annex.close();
  expect(receiver.requestCount()).toBe(0);
});

test("sampling by ratio is honoured", async () => {
  const { annex, receiver } = await startTraced({
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0",
  });
  await annex.publish("acme", "hello", hello);
  await annex.client().invoke(call);
  await annex.close(); // flushes
  expect(receiver.spans).toEqual([]);
});

/** The spans of the caller's trace. */
function ofTrace(spans: readonly ReceivedSpan[]): ReceivedSpan[] {
  return spans.filter((span) => span.traceId === traceId);
}

function publishOf(spans: readonly ReceivedSpan[]): ReceivedSpan | undefined {
  return spans.find(({ name }) => name.endsWith("PublishVersion"));
}
