/** Connections for whatever protocol, through the front door: whom they reach, and what is seen of them. */
import { once } from "node:events";
import {
  createServer,
  type AddressInfo,
  type Server,
  type Socket,
} from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import { metricOf } from "../support/metrics.ts";
import {
  startOtlpReceiver,
  type OtlpReceiver,
} from "../support/otlp-receiver.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

let server: Server;
let port: number;
let otlp: OtlpReceiver;
let annex: TestAnnex;
let client: Client;
const sockets: Socket[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  ({ port } = server.address() as AddressInfo);
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
    .updateEgress({ egress: { internalHosts: [`127.0.0.1:${port}`] } });
  for (const [name, deny] of [
    ["open", []],
    ["denied", ["127.0.0.1"]],
  ] as const) {
    await annex
      .control("containers")
      .createContainer({ name, egress: { allow: [], deny: [...deny] } });
    await annex.publish(
      name,
      "echo",
      `module.exports = async (ctx) => {
        const socket = require("net").connect(ctx.data.port, "127.0.0.1");
        let bytes = 0;
        socket.on("data", (part) => (bytes += part.length));
        socket.end(Buffer.alloc(ctx.data.bytes));
        await new Promise((resolve, reject) => socket.on("close", resolve).on("error", reject));
        return { bytes };
      };`,
    );
  }
}, 60_000);

afterAll(async () => {
  await client?.close();
  await closeAnnex(annex);
  await otlp?.close();
  for (const socket of sockets) socket.destroy();
  server?.close();
});

function run(container: string, bytes: number, to = port) {
  const payload = { port: to, bytes };
  return client.invoke({ container, extension: "echo", payload });
}

test("8 MiB go out and come back", async () => {
  const bytes = 8 * 1024 * 1024;
  expect(await run("open", bytes)).toMatchObject({ payload: { bytes } });
}, 60_000);

test("a container that is denied reaches nobody", async () => {
  const before = sockets.length;
  expect(await run("denied", 1)).toMatchObject({
    kind: "failure",
    source: "egress",
    reason: "egress_denied",
  });
  expect(await run("open", 1, port === 6000 ? 6001 : 6000)).toMatchObject({
    reason: "egress_denied",
  });
  expect(sockets.length).toBe(before);
});

test("a connection is a span of its invocation's trace, and counts as a request outward", async () => {
  const name = `CONNECT tcp://127.0.0.1:${port}`;
  expect(await run("open", 10)).toMatchObject({ payload: { bytes: 10 } });
  const isOurs = (span: { name: string }) => span.name === name;
  const spans = await otlp.waitForSpans((all) => all.some(isOurs));
  const span = spans.find(isOurs);
  const parent = spans.find(({ spanId }) => spanId === span?.parentSpanId);
  expect(parent?.name).toMatch(/annex\.invoke|run/);
  await expect
    .poll(() =>
      metricOf(annex.gateway, "annex_egress_requests_total", {
        outcome: "answered",
      }),
    )
    .toBeGreaterThan(0);
});
