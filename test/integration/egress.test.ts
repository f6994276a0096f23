/** The one way out: what a container may reach, by whom its requests are carried, and what is seen of them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import {
  startAttackersWeb,
  type AttackersWeb,
} from "../support/attackers-web.ts";
import type { TestAnnex } from "../support/annex.ts";
import type { ContainerEgress } from "../../proto/gen/annex/control/v1/container.ts";
import { metricOf } from "../support/metrics.ts";
import {
  startOtlpReceiver,
  type OtlpReceiver,
} from "../support/otlp-receiver.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";
import { brokerOf } from "../support/walled-processes.ts";

let web: AttackersWeb;
let otlp: OtlpReceiver;
let annex: TestAnnex;
let client: Client;

beforeAll(async () => {
  web = await startAttackersWeb();
  otlp = await startOtlpReceiver();
  annex = await openAnnex({
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_TRACES_SAMPLER: "always_on",
    },
  });
  client = annex.client();
  await annex
    .control("egress")
    .updateEgress({ egress: { internalHosts: [web.allowed] } });
  const rules: [name: string, egress: ContainerEgress][] = [
    ["free", { allow: [], deny: [] }],
    ["narrow", { allow: ["api.example.com"], deny: [] }],
    ["denied", { allow: [], deny: [web.allowed] }],
  ];
  for (const [name, egress] of rules) {
    await annex.control("containers").createContainer({ name, egress });
    await annex.publish(
      name,
      "get",
      `module.exports = async (ctx) => {
        const response = await fetch(ctx.data.url, ctx.data.init);
        const body = await response.text();
        return { status: response.status, body: body.slice(0, 1000), bytes: body.length };
      };`,
    );
  }
}, 60_000);

afterAll(async () => {
  await client?.close();
  await closeAnnex(annex);
  await otlp?.close();
  await web?.close();
});

function get(container: string, url: string, init = {}) {
  return client.invoke({ container, extension: "get", payload: { url, init } });
}

test("a named internal host is reached, with the container's own headers", async () => {
  const outcome = await get("free", web.payload.echo, {
    method: "POST",
    headers: { "x-mine": "yes" },
    body: "hello",
  });
  expect(outcome).toMatchObject({
    payload: { status: 200, body: expect.stringContaining('"x-mine":"yes"') },
  });
});

test.each(["narrow", "denied"])(
  "a container that is %s may not reach it",
  async (container) => {
    const before = web.echoes();
    expect(await get(container, web.payload.echo)).toMatchObject({
      kind: "failure",
      source: "egress",
      reason: "egress_denied",
    });
    expect(web.echoes()).toBe(before);
  },
);

test("new rules hold for the next call", async () => {
  const containers = annex.control("containers");
  await containers.createContainer({
    name: "changing",
    egress: { deny: [web.allowed] },
  });
  await annex.publish(
    "changing",
    "get",
    "module.exports = async (ctx) => (await fetch(ctx.data.url)).status;",
  );
  expect(await get("changing", web.payload.echo)).toMatchObject({
    reason: "egress_denied",
  });
  await containers.updateContainer({ name: "changing", egress: { deny: [] } });
  await expect
    .poll(() => get("changing", web.payload.echo))
    .toMatchObject({ payload: 200 });
});

test("every request outward is a span of its invocation's trace, and counts", async () => {
  const outcome = await get("free", web.payload.echo);
  expect(outcome).toMatchObject({ kind: "result" });
  const spans = await otlp.waitForSpans((all) =>
    all.some(({ name }) => name === `GET http://${web.allowed}`),
  );
  const span = spans.find(({ name }) => name === `GET http://${web.allowed}`);
  const parent = spans.find(({ spanId }) => spanId === span?.parentSpanId);
  expect(parent?.name).toMatch(/annex\.invoke|run/);
  expect(JSON.stringify(span?.attributes)).not.toContain("/echo");
  await expect
    .poll(() =>
      metricOf(annex.gateway, "annex_egress_requests_total", {
        outcome: "answered",
      }),
    )
    .toBeGreaterThan(0);
  await expect
    .poll(() =>
      metricOf(annex.gateway, "annex_egress_requests_total", {
        outcome: "denied",
      }),
    )
    .toBeGreaterThan(0);
});

test("a broker that is killed fails what was open, and the next request works", async () => {
  const pending = get("free", web.payload.bodies[2] ?? "");
  await expect
    .poll(() => web.heads().some((head) => head.includes("/trickle")))
    .toBe(true);
  const broker = await brokerOf(annex.sandboxd?.pid ?? 0);
  process.kill(broker, "SIGKILL");
  expect(await pending).toMatchObject({ kind: "failure", reason: "rejected" });
  await expect
    .poll(() => get("free", web.payload.echo), { timeout: 10_000 })
    .toMatchObject({ payload: { status: 200 } });
});
