import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { parentOf, recordInvocation } from "../../../sandboxd/invoke/trace.ts";
import type { InvocationRecord } from "../../../sandboxd/invoke/trace.ts";
import { startTelemetry } from "../../../sandboxd/telemetry/telemetry.ts";
import type { Telemetry } from "../../../sandboxd/telemetry/telemetry.ts";
import { startOtlpGrpcReceiver } from "../../support/otlp-grpc-receiver.ts";
import { orphans, startOtlpReceiver } from "../../support/otlp-receiver.ts";
import type {
  OtlpReceiver,
  ReceivedSpan,
} from "../../support/otlp-receiver.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const callerSpanId = "b7ad6b7169203331";
const sampledParent = `00-${traceId}-${callerSpanId}-01`;
const unsampledParent = `00-${traceId}-${callerSpanId}-00`;

/** Takes requests on a thread of its own and says so in shared memory. */
const receiverThread = `
  const { createServer } = require("node:http");
  const { parentPort, workerData } = require("node:worker_threads");
  const server = createServer((request, response) => {
    request.resume();
    response.end();
    Atomics.store(workerData, 0, 1);
    Atomics.notify(workerData, 0);
  });
  server.listen(0, "127.0.0.1", () => parentPort.postMessage(server.address().port));
`;

const open: { close(): Promise<void> }[] = [];
let said: { fields: object; message: string }[] = [];

beforeEach(() => {
  said = [];
  vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "20");
});

afterEach(async () => {
  while (open.length > 0) await open.pop()?.close();
  vi.unstubAllEnvs();
});

test("exports nothing unless asked", async () => {
  const receiver = await startReceiver();
  vi.stubEnv("OTEL_TRACES_EXPORTER", "none");
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  const silent = start();
  recordInvocation(silent.tracer, invocation(sampledParent));
  await silent.close();
  expect(receiver.requestCount()).toBe(0);

  vi.stubEnv("OTEL_TRACES_EXPORTER", "otlp");
  const asked = start();
  recordInvocation(asked.tracer, invocation(sampledParent));
  await asked.flush();
  expect(receiver.spans).toHaveLength(5);
});

test.each(["http/protobuf", "http/json"])(
  "an invocation arrives as one whole trace over %s",
  async (protocol) => {
    const receiver = await startReceiver();
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
    vi.stubEnv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    vi.stubEnv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test");
    const { tracer } = start();
    recordInvocation(tracer, {
      ...invocation(sampledParent),
      outcome: "failure",
      reason: "threw",
      droppedLogs: 7,
    });
    const spans = await receiver.waitForSpans((all) => all.length >= 5);
    expect(orphans(spans, callerSpanId)).toEqual([]);
    const server = spanNamed(spans, "annex.invoke");
    expect(server).toMatchObject({
      service: "annex-sandboxd",
      traceId,
      parentSpanId: callerSpanId,
      traceState: "vendor=1",
      kind: 2,
      statusCode: 2,
      attributes: {
        "annex.container": "acme",
        "annex.extension": "hello",
        "annex.version": 3,
        "annex.invocation_id": "in_1",
        "annex.outcome": "failure",
        "annex.reason": "threw",
        "annex.cold": true,
      },
      resource: {
        "service.instance.id": "host-1",
        "deployment.environment": "test",
      },
    });
    expect(server.endNs - server.startNs).toBe(900_000n);
    for (const name of ["queue", "isolate acquire", "compile", "run"])
      expect(spanNamed(spans, name).parentSpanId).toBe(server.spanId);
    expect(spanNamed(spans, "compile").attributes).toEqual({
      "annex.compile": "miss",
    });
    const run = spanNamed(spans, "run");
    expect(run.attributes).toEqual({ "annex.log_lines_dropped": 7 });
    expect(run.startNs - server.startNs).toBe(500_000n);
    expect(run.events).toMatchObject([
      { name: "log", attributes: { "log.message": "hello from the guest" } },
    ]);
  },
);

test("each request outward arrives as a span of the run, as the conventions for HTTP have it", async () => {
  const receiver = await startReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  const { tracer } = start();
  const egress = {
    method: "GET",
    origin: "https://api.example.com",
    startUs: 550,
    endUs: 700,
    status: 200,
    sentBytes: 10,
    receivedBytes: 2000,
    outcome: "answered" as const,
  };
  recordInvocation(tracer, {
    ...invocation(sampledParent),
    egress: [
      egress,
      { ...egress, method: "POST", origin: "http://a.test:81", status: 503 },
      {
        ...egress,
        method: "BREW",
        origin: `http://${"a".repeat(500)}.test`,
        status: 0,
        outcome: "denied",
      },
      { ...egress, origin: "", status: 0, outcome: "failed" },
    ],
  });
  const spans = await receiver.waitForSpans((all) => all.length >= 9);
  expect(orphans(spans, callerSpanId)).toEqual([]);
  const answered = spanNamed(spans, "GET https://api.example.com");
  expect(answered).toMatchObject({
    parentSpanId: spanNamed(spans, "run").spanId,
    kind: 3,
    attributes: {
      "http.request.method": "GET",
      "server.address": "api.example.com",
      "server.port": 443,
      "url.scheme": "https",
      "http.response.status_code": 200,
      "http.request.body.size": 10,
      "http.response.body.size": 2000,
      "annex.outcome": "answered",
    },
  });
  expect(answered.attributes).not.toHaveProperty("error.type");
  expect(answered.endNs - answered.startNs).toBe(150_000n);
  expect(spanNamed(spans, "POST http://a.test:81").attributes).toMatchObject({
    "server.port": 81,
    "error.type": "503",
  });
  const denied = spans.find(({ name }) => name.startsWith("_OTHER "));
  expect(denied?.name.length).toBeLessThan(300);
  expect(denied).toMatchObject({
    statusCode: 2,
    attributes: {
      "http.request.method_original": "BREW",
      "error.type": "denied",
    },
  });
  expect(spanNamed(spans, "GET").attributes).toMatchObject({
    "error.type": "failed",
  });
});

test("an invocation arrives over gRPC too", async () => {
  const receiver = await startOtlpGrpcReceiver();
  open.push(receiver);
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc");
  const telemetry = start();
  recordInvocation(telemetry.tracer, invocation(sampledParent));
  await telemetry.flush();
  expect(receiver.spans).toHaveLength(5);
  expect(orphans(receiver.spans, callerSpanId)).toEqual([]);
});

test("a trace its caller did not sample is not exported", async () => {
  const receiver = await startReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  const telemetry = start();
  recordInvocation(telemetry.tracer, invocation(unsampledParent));
  recordInvocation(telemetry.tracer, invocation(sampledParent));
  await telemetry.flush();
  expect(receiver.spans).toHaveLength(5);
});

test("the configured ratio decides where there is no parent", async () => {
  const receiver = await startReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio");
  vi.stubEnv("OTEL_TRACES_SAMPLER_ARG", "0");
  const never = start();
  for (let count = 0; count < 50; count++)
    recordInvocation(never.tracer, invocation(""));
  await never.close();
  expect(receiver.spans).toHaveLength(0);

  vi.stubEnv("OTEL_TRACES_SAMPLER_ARG", "0.5");
  const half = start();
  for (let count = 0; count < 200; count++)
    recordInvocation(half.tracer, invocation(""));
  await half.close();
  const roots = receiver.spans.filter((span) => span.parentSpanId === "");
  expect(roots.length).toBeGreaterThan(50);
  expect(roots.length).toBeLessThan(150);
  expect(receiver.spans).toHaveLength(5 * roots.length);
  expect(orphans(receiver.spans)).toEqual([]);
});

test("a malformed traceparent is no parent", () => {
  start();
  for (const malformed of ["", "00", `00-${traceId}-01`, "00-x-y-z", "ff"])
    expect(parentOf(malformed, "")).toBe(parentOf("", ""));
});

test("a receiver that is down costs spans, which are counted, and nothing else", async () => {
  const receiver = await startOtlpReceiver();
  await receiver.close();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_EXPORTER_OTLP_TIMEOUT", "200");
  vi.stubEnv("OTEL_BSP_MAX_QUEUE_SIZE", "100");
  vi.stubEnv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "50");
  const telemetry = start();
  for (let count = 0; count < 100; count++)
    recordInvocation(telemetry.tracer, invocation(""));
  await telemetry.flush();
  expect(await scrape(telemetry)).toMatch(
    /^annex_telemetry_spans_dropped_total 500$/m,
  );
  expect(said.map((line) => line.message)).toEqual(["trace export fails"]);
});

test("a receiver that comes back gets what comes after", async () => {
  let status = 400;
  const receiver = await startReceiver(() => status);
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  const telemetry = start();
  recordInvocation(telemetry.tracer, invocation(""));
  await telemetry.flush();
  status = 200;
  recordInvocation(telemetry.tracer, invocation(""));
  await telemetry.flush();
  expect(receiver.spans).toHaveLength(5);
  expect(said.map((line) => line.message)).toEqual([
    "trace export fails",
    "trace export works again",
  ]);
});

test("a receiver that never answers does not hold the close", async () => {
  const receiver = createServer((request) => void request.resume());
  await once(receiver.listen(0, "127.0.0.1"), "listening");
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", urlOf(receiver));
  vi.stubEnv("OTEL_BSP_EXPORT_TIMEOUT", "100");
  const telemetry = start();
  recordInvocation(telemetry.tracer, invocation(""));
  await telemetry.close();
  receiver.closeAllConnections();
  receiver.close();
});

test("spans leave while the event loop is held", async () => {
  const arrived = new Int32Array(new SharedArrayBuffer(4));
  const receiver = new Worker(receiverThread, {
    eval: true,
    workerData: arrived,
  });
  const [port] = await once(receiver, "message");
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", `http://127.0.0.1:${port}`);
  const telemetry = start();
  for (let count = 0; count < 64; count++)
    recordInvocation(telemetry.tracer, invocation(""));
  expect(Atomics.wait(arrived, 0, 0, 10_000)).toBe("ok");
  await telemetry.close();
  await receiver.terminate();
});

test("metrics tell what happened and what is", async () => {
  const telemetry = start();
  const { metrics } = telemetry;
  metrics.watch({
    executors: () => ({ ready: 2, serving: 1 }),
    callsWaiting: () => 3,
    heldPayloadBytes: () => 2048,
    isSyncConnected: () => true,
    syncStalenessSeconds: () => 1.5,
    isCatalogDegraded: () => false,
    walls: "bwrap",
    limits: "cgroup2",
  });
  metrics.invoked("result", undefined, 0.0004);
  metrics.invoked("failure", "wall_time", 1);
  metrics.coldStarted();
  metrics.egress({
    answered: { requests: 150, sentBytes: 10, receivedBytes: 2000 },
    denied: { requests: 1, sentBytes: 0, receivedBytes: 0 },
  });
  metrics.executorKilled("wall_time");
  const text = await scrape(telemetry);
  for (const line of [
    'annex_invocations_total{outcome="result",reason=""} 1',
    'annex_walls{walls="bwrap"} 1',
    'annex_limits{limits="cgroup2"} 1',
    'annex_invocations_total{outcome="failure",reason="wall_time"} 1',
    'annex_invocation_duration_seconds_bucket{outcome="result",le="0.0003"} 0',
    'annex_invocation_duration_seconds_bucket{outcome="result",le="0.0005"} 1',
    "annex_cold_starts_total 1",
    'annex_egress_requests_total{outcome="answered"} 150',
    'annex_egress_requests_total{outcome="denied"} 1',
    'annex_egress_bytes_total{direction="sent"} 10',
    'annex_egress_bytes_total{direction="received"} 2000',
    "annex_calls_waiting 3",
    "annex_held_payload_bytes 2048",
    'annex_executors{state="ready"} 2',
    'annex_executors{state="serving"} 1',
    'annex_executor_kills_total{reason="wall_time"} 1',
    "annex_sync_connected 1",
    "annex_sync_staleness_seconds 1.5",
    "annex_catalog_degraded 0",
  ])
    expect(text.split("\n")).toContain(line);
  expect(text).toMatch(/^annex_event_loop_lag_seconds\{quantile="0.99"\} /m);
  expect(text).toContain('service_name="annex-sandboxd"');
});

function say(fields: object, message: string): void {
  said.push({ fields, message });
}

async function startReceiver(status?: () => number): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver(status && { status });
  open.push(receiver);
  return receiver;
}

function start(): Telemetry {
  const telemetry = startTelemetry({
    serviceName: "annex-sandboxd",
    instance: "host-1",
    log: { info: say, warn: say },
  });
  open.push(telemetry);
  return telemetry;
}

function invocation(traceparent: string): InvocationRecord {
  return {
    parent: parentOf(traceparent, "vendor=1"),
    container: "acme",
    extension: "hello",
    version: 3,
    invocationId: "in_1",
    outcome: "result",
    cold: true,
    startMs: Date.now(),
    endUs: 900,
    queue: { startUs: 0, endUs: 100 },
    acquire: { startUs: 100, endUs: 200 },
    compile: { startUs: 200, endUs: 500, hit: false },
    run: { startUs: 500, endUs: 800 },
    logs: [{ level: "log", timeMs: Date.now(), text: "hello from the guest" }],
  };
}

function spanNamed(spans: readonly ReceivedSpan[], name: string): ReceivedSpan {
  const [span, ...others] = spans.filter((each) => each.name === name);
  if (!span || others.length > 0)
    throw new Error(`${others.length + (span ? 1 : 0)} spans named ${name}`);
  return span;
}

async function scrape(telemetry: Telemetry): Promise<string> {
  const server = createServer((request, response) =>
    telemetry.metricsHandler(request, response),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const answer = await fetch(`${urlOf(server)}/metrics`);
    return await answer.text();
  } finally {
    server.close();
  }
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the server listens on no port");
  return `http://127.0.0.1:${address.port}`;
}
