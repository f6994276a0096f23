import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startTelemetry } from "../../../controlplane/telemetry/telemetry.ts";
import type { Telemetry } from "../../../controlplane/telemetry/telemetry.ts";
import { orphans, startOtlpReceiver } from "../../support/otlp-receiver.ts";
import type { OtlpReceiver } from "../../support/otlp-receiver.ts";

const open: { close(): Promise<void> }[] = [];
let said: string[] = [];

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
  const silent = start();
  silent.tracer.startSpan("publish").end();
  await silent.close();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_SDK_DISABLED", "true");
  const disabled = start();
  disabled.tracer.startSpan("publish").end();
  await disabled.close();
  expect(receiver.requestCount()).toBe(0);
});

test("spans opened behind awaits nest under the call's", async () => {
  const receiver = await startReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  const telemetry = start();
  const { tracer } = telemetry;
  await tracer.startActiveSpan("publish", async (publish) => {
    await setImmediate();
    await tracer.startActiveSpan("store", async (store) => {
      await setImmediate();
      store.end();
    });
    tracer.startSpan("push").end();
    publish.end();
  });
  await telemetry.flush();
  const names = new Map(receiver.spans.map((span) => [span.name, span]));
  const parent = names.get("publish")?.spanId;
  expect(parent).toBeDefined();
  expect(names.get("store")?.parentSpanId).toBe(parent);
  expect(names.get("push")?.parentSpanId).toBe(parent);
  expect(orphans(receiver.spans)).toEqual([]);
  expect(names.get("publish")?.service).toBe("annex-controlplane");
});

test("OTEL_SERVICE_NAME goes over the name it was started with", async () => {
  const receiver = await startReceiver();
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  vi.stubEnv("OTEL_SERVICE_NAME", "extensions");
  const telemetry = start();
  const { tracer } = telemetry;
  tracer.startSpan("publish").end();
  await telemetry.flush();
  expect(receiver.spans.map((span) => span.service)).toEqual(["extensions"]);
});

test("a receiver that fails is told of once and ends nothing", async () => {
  const receiver = await startReceiver(() => 400);
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
  const telemetry = start();
  for (let count = 0; count < 2; count++) {
    telemetry.tracer.startSpan("publish").end();
    await telemetry.flush();
  }
  await telemetry.close();
  expect(receiver.requestCount()).toBe(2);
  expect(said).toEqual(["trace export fails"]);
});

test("metrics tell what happened and what is", async () => {
  const telemetry = start();
  const { metrics } = telemetry;
  metrics.watch({ connectedHosts: () => 3, revision: () => 41 });
  metrics.published();
  metrics.built("refused", 0.3);
  metrics.refusedByHost("syntax");
  metrics.called("ExtensionService/Publish", "ok", 0.02);
  const text = await scrape(telemetry);
  for (const line of [
    "annex_publishes_total 1",
    'annex_build_duration_seconds_count{outcome="refused"} 1',
    'annex_host_refusals_total{reason="syntax"} 1',
    'annex_rpc_duration_seconds_count{method="ExtensionService/Publish",code="ok"} 1',
    "annex_connected_hosts 3",
    "annex_revision 41",
  ])
    expect(text.split("\n")).toContain(line);
});

async function startReceiver(status?: () => number): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver(status && { status });
  open.push(receiver);
  return receiver;
}

function start(): Telemetry {
  const telemetry = startTelemetry({
    serviceName: "annex-controlplane",
    instance: "control-1",
    log: { info: say, warn: say },
  });
  open.push(telemetry);
  return telemetry;
}

function say(_fields: object, message: string): void {
  said.push(message);
}

async function scrape(telemetry: Telemetry): Promise<string> {
  const server = createServer((request, response) =>
    telemetry.metricsHandler(request, response),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const answer = await fetch(urlOf(server));
    return await answer.text();
  } finally {
    server.close();
  }
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Error("the server listens on no port");
  return `http://127.0.0.1:${address.port}/metrics`;
}
