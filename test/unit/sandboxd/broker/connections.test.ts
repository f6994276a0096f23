import { expect, test } from "vitest";
import { openPolicy, startTestBroker } from "../../../support/broker.ts";
import { startOrigin } from "../../../support/origin.ts";

test("uses a container's connections again, and never another container's", async () => {
  const origin = await startOrigin();
  const { broker, fetch } = await startTestBroker();
  broker.configure("globex", openPolicy);
  for (const container of ["acme", "globex", "acme", "globex"])
    expect((await fetch(origin.url, { container })).head?.status).toBe(200);
  expect(origin.connections).toBe(2);
  const [acme1, globex1, acme2, globex2] = origin.requests.map(
    ({ remotePort }) => remotePort,
  );
  expect(acme1).toBe(acme2);
  expect(globex1).toBe(globex2);
  expect(acme1).not.toBe(globex1);
});

test("keeps few connections for later", async () => {
  const origins = await Promise.all(
    Array.from({ length: 24 }, () => startOrigin()),
  );
  const { fetch } = await startTestBroker();
  for (const round of [1, 2])
    for (const origin of origins) {
      await fetch(origin.url);
      expect(origin.requests).toHaveLength(round);
    }
  const kept = origins.filter(({ connections }) => connections === 1);
  expect(kept.length).toBeLessThanOrEqual(16);
});

test("finishes what is open under the policy it began with", async () => {
  let answer: (() => void) | undefined;
  const origin = await startOrigin((request, response) => {
    if (request.url === "/last") return response.end("last");
    answer = () => response.writeHead(302, { location: "/last" }).end();
  });
  const { broker, open, fetch } = await startTestBroker();
  const request = open(origin.url);
  await expect.poll(() => answer).toBeDefined();
  broker.configure("acme", { ...openPolicy, deny: ["127.0.0.1"] });
  expect((await fetch(origin.url)).problem?.kind).toBe("denied");
  answer?.();
  expect((await request.done).body.toString()).toBe("last");
});

test("keeps count of what an invocation used when its container's settings change", async () => {
  const origin = await startOrigin();
  const { broker, fetch } = await startTestBroker({
    policy: { maxRequests: 1 },
  });
  await fetch(origin.url);
  broker.configure("acme", { ...openPolicy, maxRequests: 1, maxBytes: 99 });
  expect((await fetch(origin.url)).problem?.limit?.name).toBe(
    "egress_requests",
  );
});

test("lets a container that opens connections without end wait for itself alone", async () => {
  const origin = await startOrigin();
  const dead = Array.from({ length: 100 }, (_, n) => `dead${n}.test`);
  const { broker, open, fetch, resolved } = await startTestBroker({
    names: Object.fromEntries(dead.map((name) => [name, [[]]])),
    maxOpenEgress: 100,
  });
  broker.configure("globex", openPolicy);
  const given = dead.map((name) => open(`http://${name}/`));
  await expect.poll(() => resolved).toHaveLength(64);
  for (const { exchange } of given) exchange.abort();
  const waiting = open(origin.url, { invocationId: "other", wallMs: 300 });
  const neighbour = await fetch(origin.url, { container: "globex" });
  expect(neighbour.head?.status).toBe(200);
  expect((await waiting.done).problem?.limit?.name).toBe("egress_ms");
  expect(resolved).toHaveLength(64);
});

test("goes to the next address of a name where the first is dead", async () => {
  const origin = await startOrigin();
  const { fetch } = await startTestBroker({
    names: { "two.test": [["127.0.0.9", "127.0.0.1"]] },
    policy: { internalHosts: ["127.0.0.0/8"] },
  });
  const answer = await fetch(`http://two.test:${origin.port}/`);
  expect(answer.head?.status).toBe(200);
});
