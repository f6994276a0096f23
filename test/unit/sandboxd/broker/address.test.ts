/** Where requests may not arrive: listeners on loopback count who comes. */
import { expect, test } from "vitest";
import { startTestBroker } from "../../../support/broker.ts";
import { startOrigin } from "../../../support/origin.ts";

const closed = { internalHosts: [] };

test.each([
  "http://127.0.0.1:PORT/",
  "http://127.1:PORT/",
  "http://0x7f000001:PORT/",
  "http://017700000001:PORT/",
  "http://2130706433:PORT/",
  "http://１２７.０.０.１:PORT/",
  "http://0:PORT/",
  "http://[::1]:PORT/",
  "http://[::]:PORT/",
  "http://[::ffff:127.0.0.1]:PORT/",
  "http://[::ffff:7f00:1]:PORT/",
  "http://[::7f00:1]:PORT/",
  "http://[64:ff9b::127.0.0.1]:PORT/",
  "http://[2002:7f00:1::]:PORT/",
  "http://localhost:PORT/",
  "http://LOCALHOST.:PORT/",
  "http://loopback.test:PORT/",
  "http://mixed.test:PORT/",
  "http://mapped.test:PORT/",
  "https://127.0.0.1:PORT/",
  "http://169.254.169.254/latest/meta-data/",
  "http://10.0.0.1:PORT/",
  "http://100.100.100.200/",
])("refuses %s without a connection", async (template) => {
  const [v4, v6] = await Promise.all([
    startOrigin(),
    startOrigin(undefined, { host: "::1" }),
  ]);
  const names = {
    localhost: [["127.0.0.1", "::1"]],
    "loopback.test": [["127.0.0.1"]],
    "mixed.test": [["93.184.216.34", "127.0.0.1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
  };
  const { fetch } = await startTestBroker({ names, policy: closed });
  for (const { port } of [v4, v6]) {
    const url = template.replace("PORT", String(port));
    const { problem } = await fetch(url);
    expect(problem).toMatchObject({ kind: "denied" });
    expect(problem?.message).toContain("is not at a public address");
  }
  // Whoever came before these would have been counted before them.
  const open = await startTestBroker({ policy: { internalHosts: ["::1"] } });
  expect((await open.fetch(v6.url)).head?.status).toBe(200);
  const open4 = await startTestBroker();
  expect((await open4.fetch(v4.url)).head?.status).toBe(200);
  expect([v4.connections, v6.connections]).toEqual([1, 1]);
});

test.each([
  "bad.test..",
  ".bad.test",
  "a..bad.test",
  "bad.test%2e%2e",
  "bad。test。。",
])("takes %s for no name, of which rules would know nothing", async (host) => {
  const origin = await startOrigin();
  const hostname = URL.parse(`http://${host}/`)?.hostname ?? "";
  const { fetch, resolved } = await startTestBroker({
    names: {
      [hostname]: [["127.0.0.1"]],
      [hostname.slice(0, -1)]: [["127.0.0.1"]],
    },
    policy: { deny: ["bad.test", "*.bad.test"] },
  });
  const url = `http://${host}:${origin.port}/`;
  const refused = await fetch(url);
  expect(refused.problem).toEqual({
    kind: "denied",
    message: `${hostname}:${origin.port} is no name of a host`,
  });
  expect(resolved).toEqual([]);
  expect(origin.connections).toBe(0);
});

test("names no address in its answers", async () => {
  const { fetch } = await startTestBroker({
    names: { "loopback.test": [["10.1.2.3"]] },
  });
  const refusal = await fetch("http://loopback.test/");
  expect(refusal.problem?.message).not.toContain("10.1.2.3");
  const unknown = await fetch("http://unknown.test/");
  expect(unknown.problem).toEqual({
    kind: "failed",
    code: "ENOTFOUND",
    message: "unknown.test was not found",
  });
});

test("resolves a name once, and connects to the address that was checked", async () => {
  const origin = await startOrigin();
  const other = await startOrigin(undefined, {
    host: "127.0.0.2",
    port: origin.port,
  });
  const { fetch, resolved } = await startTestBroker({
    names: { "rebinding.test": [["127.0.0.1"], ["127.0.0.2"]] },
  });
  const url = `http://rebinding.test:${origin.port}/`;
  expect((await fetch(url)).body.toString()).toBe("hello");
  expect(resolved).toEqual(["rebinding.test"]);
  expect(origin.requests[0]?.headers.host).toBe(
    `rebinding.test:${origin.port}`,
  );
  expect(other.connections).toBe(0);
});

test("refuses the second address where a later connection resolves to another", async () => {
  const origin = await startOrigin((_request, response) => {
    response.setHeader("connection", "close").end("hello");
  });
  const other = await startOrigin(undefined, {
    host: "127.0.0.2",
    port: origin.port,
  });
  const { fetch } = await startTestBroker({
    names: { "rebinding.test": [["127.0.0.1"], ["127.0.0.2"]] },
  });
  const url = `http://rebinding.test:${origin.port}/`;
  expect((await fetch(url)).head?.status).toBe(200);
  expect((await fetch(url)).problem?.kind).toBe("denied");
  expect((await fetch(url)).problem?.kind).toBe("denied");
  expect(other.connections).toBe(0);
});

test("keeps names and TLS names on a connection to the pinned address", async () => {
  const origin = await startOrigin(undefined, { isTls: true });
  const { fetch } = await startTestBroker({
    names: {
      "origin.test": [["127.0.0.1"]],
      "other.test": [["127.0.0.1"]],
    },
  });
  expect((await fetch(origin.url)).body.toString()).toBe("hello");
  const { problem } = await fetch(`https://other.test:${origin.port}`);
  expect(problem?.message).toContain("has a certificate for another name");
});

test("keeps a container to its rules", async () => {
  const origin = await startOrigin();
  const { broker, fetch } = await startTestBroker({
    names: { "origin.test": [["127.0.0.1"]], "a.bad.test": [["127.0.0.1"]] },
    policy: { deny: ["*.bad.test"] },
  });
  const bad = `http://a.bad.test:${origin.port}`;
  expect((await fetch(bad)).problem?.kind).toBe("denied");
  broker.configure("globex", {
    allow: ["origin.test"],
    deny: [],
    internalHosts: ["127.0.0.0/8"],
    maxRequests: 10,
    maxBytes: 1000,
    requestMs: 5000,
    bytesPerSecond: 1e6,
  });
  const globex = { container: "globex" };
  expect((await fetch(bad, globex)).problem?.kind).toBe("denied");
  const good = `http://origin.test:${origin.port}`;
  expect((await fetch(good, globex)).head?.status).toBe(200);
  expect(origin.connections).toBe(1);
});

test("takes a rule into account that came after a connection was opened", async () => {
  const origin = await startOrigin();
  const { broker, fetch } = await startTestBroker();
  expect((await fetch(origin.url)).head?.status).toBe(200);
  const policy = {
    allow: [],
    internalHosts: ["127.0.0.1"],
    maxRequests: 100,
    maxBytes: 1e6,
    requestMs: 5000,
    bytesPerSecond: 1e9,
  };
  broker.configure("acme", { ...policy, deny: ["127.0.0.1"] });
  expect((await fetch(origin.url)).problem?.kind).toBe("denied");
  broker.configure("acme", { ...policy, deny: [] });
  expect((await fetch(origin.url)).head?.status).toBe(200);
  expect(origin.requests).toHaveLength(2);
});

test("gives no way out to a container it was not told of, or whose rules it cannot read", async () => {
  const origin = await startOrigin();
  const { broker, fetch } = await startTestBroker({
    policy: { deny: ["what is this?"] },
  });
  for (const container of ["acme", "globex"]) {
    const { problem } = await fetch(origin.url, { container });
    expect(problem?.kind).toBe("denied");
  }
  broker.forget("acme");
  expect((await fetch(origin.url)).problem?.kind).toBe("denied");
  expect(origin.connections).toBe(0);
});

test("refuses ports of other protocols", async () => {
  const { fetch } = await startTestBroker();
  const { problem } = await fetch("http://127.0.0.1:25/");
  expect(problem).toEqual({
    kind: "denied",
    message: "127.0.0.1:25: that port is not for HTTP",
  });
});

test("shuts an address that the host was given while it runs, and opens one that it lost", async () => {
  let nowMs = 0;
  let own = ["203.0.113.1", "2606:4700:0:0::1"];
  const { fetch } = await startTestBroker({
    now: () => nowMs,
    ownAddresses: () => own,
    // What is not refused goes no further than here.
    policy: {
      proxy: { url: "http://127.0.0.1:1", username: "", password: "" },
    },
  });
  const kindOf = async (host: string) =>
    (await fetch(`http://${host}/`)).problem?.kind;
  expect(await kindOf("[2606:4700::1]")).toBe("denied");
  expect(await kindOf("8.8.8.8")).toBe("failed");
  own = ["8.8.8.8"];
  nowMs = 59_000;
  expect(await kindOf("8.8.8.8")).toBe("failed");
  nowMs = 60_000;
  expect(await kindOf("8.8.8.8")).toBe("denied");
  expect(await kindOf("[2606:4700::1]")).toBe("failed");
});
