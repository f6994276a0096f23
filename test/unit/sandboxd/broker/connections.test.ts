import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
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
  const origin = await startOrigin((_request, response) => {
    answer = () => response.end("last");
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

describe("containers that open connections without end", () => {
  const names = Array.from({ length: 100 }, (_, n) => `dead${n}.test`);
  const greedy = Array.from({ length: 8 }, (_, n) => `greedy${n}`);

  async function startGreedy(urls: string[], policy = openPolicy) {
    const started = await startTestBroker({
      names: Object.fromEntries(names.map((name) => [name, [[]]])),
      maxOpenEgress: 100,
    });
    started.broker.configure("globex", openPolicy);
    const opened = greedy.flatMap((container) => {
      started.broker.configure(container, policy);
      return urls.map((url) => started.open(url, { container }));
    });
    return { ...started, opened };
  }

  test("make no neighbour wait while no name server answers them", async () => {
    const origin = await startOrigin();
    const urls = names.map((name) => `http://${name}/`);
    const { fetch, resolved } = await startGreedy(urls);
    await expect.poll(() => resolved.length).toBeGreaterThan(100);
    const options = { container: "globex", wallMs: 1000 };
    expect((await fetch(origin.url, options)).head?.status).toBe(200);
    const unknown = await fetch("http://unknown.test/", options);
    expect(unknown.problem?.message).toBe("unknown.test was not found");
  });

  test.each(["http:", "socks5:"])(
    "make no neighbour wait while their %s proxy says nothing",
    async (protocol) => {
      const [origin, silent] = await Promise.all([
        startOrigin(),
        startSilentServer(),
      ]);
      const url = `${protocol}//127.0.0.1:${silent.port}`;
      const proxy = { url, username: "", password: "" };
      const urls = names.map((_name, n) => `http://127.0.0.1:${n + 2000}/`);
      const { fetch, opened } = await startGreedy(urls, {
        ...openPolicy,
        proxy,
      });
      await expect.poll(() => silent.open).toBeGreaterThan(100);
      const options = { container: "globex", wallMs: 1000 };
      expect((await fetch(origin.url, options)).head?.status).toBe(200);
      for (const { exchange } of opened) exchange.abort();
      await expect.poll(() => silent.open).toBe(0);
    },
  );

  test("lose their turns with the requests that they give up", async () => {
    const [origin, silent] = await Promise.all([
      startOrigin(),
      startSilentServer(),
    ]);
    const url = `http://127.0.0.1:${silent.port}`;
    const { broker, open, fetch } = await startTestBroker({
      policy: { proxy: { url, username: "", password: "" } },
      maxOpenEgress: 100,
    });
    const opened = Array.from({ length: 100 }, () => open(origin.url));
    await expect.poll(() => silent.open).toBe(32);
    for (const { exchange } of opened.slice(0, 90)) exchange.abort();
    await expect.poll(() => silent.open).toBe(10);
    for (const { exchange } of opened) exchange.abort();
    await expect.poll(() => silent.open).toBe(0);
    broker.configure("acme", openPolicy);
    const next = await fetch(origin.url, { invocationId: "x", wallMs: 1000 });
    expect(next.head?.status).toBe(200);
  });
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

/** Takes connections and says nothing on them. */
async function startSilentServer() {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined).resume();
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  const { port } = server.address() as AddressInfo;
  return {
    port,
    /** Connections that are open now. */
    get open() {
      return sockets.size;
    },
  };
}
