/** Connections and look-ups to hosts in every spelling there is: none arrives where no rule lets it, however it is named. */
import { expect, test } from "vitest";
import { lookUp, openSocket } from "../../../support/broker-socket.ts";
import { startTestBroker } from "../../../support/broker.ts";
import { originCertificate } from "../../../support/certificate.ts";
import { startOrigin } from "../../../support/origin.ts";
import { startTcpServer } from "../../../support/tcp-server.ts";

const inside = ["127.0.0.1", "::1"];
/** Names that lead inside, whoever asks. */
const names = {
  localhost: [inside],
  "loopback.test": [["127.0.0.1"]],
  "mixed.test": [["93.184.216.34", "127.0.0.1"]],
  "mapped.test": [["::ffff:127.0.0.1"]],
  "zone.test": [["fe80::1%lo"]],
  "bytes.test": [["127.0.0.1\0.93.184.216.34"]],
};

const spellings = [
  "127.0.0.1",
  "127.0.0.1.",
  "127.1",
  "127.0.1",
  "0x7f000001",
  "0x7f.0.0.1",
  "0x7f.1",
  "017700000001",
  "0177.0.0.1",
  "2130706433",
  "127.0.0.01",
  "１２７.０.０.１",
  "127。0。0。1",
  "0",
  "0.0.0.0",
  "::1",
  "[::1]",
  "[[::1]]",
  "::1%lo",
  "[::1%25lo]",
  "::",
  "::ffff:127.0.0.1",
  "[::ffff:7f00:1]",
  "::7f00:1",
  "0:0:0:0:0:ffff:7f00:0001",
  "64:ff9b::127.0.0.1",
  "2002:7f00:1::",
  "localhost",
  "LOCALHOST.",
  "LocalHost",
  "a.localhost",
  "loopback.test",
  "LOOPBACK.TEST.",
  "mixed.test",
  "mapped.test",
  "zone.test",
  "bytes.test",
  "loopback.test\0.public.test",
  "loopback.test\r\nhost: x",
  "loopback.test:80",
  "user@loopback.test",
  "loopback.test/",
  "loopback.test#",
  "loopback.test?",
  "loopback.test\\",
  "ⓛoopback.test",
  "loop\u00adback.test",
  "l%6fopback.test",
  " loopback.test",
  "169.254.169.254",
  "10.0.0.1",
  "100.100.100.200",
  "fd00:ec2::254",
  "255.255.255.255",
  "",
  ".",
  "..",
];

test("nothing of what leads inside is connected to or told, in any spelling", async () => {
  const v4 = await startOrigin();
  const v6 = await startOrigin(undefined, { host: "::1", port: v4.port });
  const { broker, warnings } = await startTestBroker({
    names,
    policy: { internalHosts: [], maxRequests: 10_000 },
    maxOpenEgress: 500,
  });
  for (const host of spellings) {
    const asked = [
      openSocket(broker, v4.port, { host }),
      openSocket(broker, v4.port, { host, address: "127.0.0.1" }),
      openSocket(broker, v4.port, {
        host,
        tls: { servername: "public.test", identity: "public.test" },
      }),
    ];
    for (const opened of asked) {
      await opened.heard("failed");
      expect(opened.events, host).toEqual(["failed"]);
      expect(["EACCES", "ENOTFOUND"], host).toContain(opened.problem?.code);
    }
    expect(await lookUp(broker, host), host).toMatchObject({
      kind: expect.stringMatching(/denied|failed/),
    });
  }
  expect(warnings).toEqual([]);
  expect([v4.connections, v6.connections]).toEqual([0, 0]);
});

test("a rule for a name is one for no other spelling that leads elsewhere", async () => {
  const { port, sockets } = await startTcpServer((socket) =>
    socket.pipe(socket),
  );
  const { broker } = await startTestBroker({
    names: {
      "allowed.test": [["127.0.0.1"]],
      "xn--llowed-cua.test": [["127.0.0.1"]],
      "sub.allowed.test": [["127.0.0.1"]],
    },
    policy: {
      allow: ["allowed.test"],
      internalHosts: ["allowed.test", "sub.allowed.test", "127.0.0.1"],
    },
  });
  for (const host of [
    "127.0.0.1",
    "sub.allowed.test",
    "allowed.test.test",
    "xn--llowed-cua.test",
    "àllowed.test",
    "allowed.test\0",
    "allowed.test..",
    "x@allowed.test",
    "*.test",
    "*",
  ]) {
    const opened = openSocket(broker, port, { host });
    await opened.heard("failed");
    expect(opened.problem, host).toMatchObject({ kind: "denied" });
  }
  expect(sockets).toEqual([]);
  for (const host of ["allowed.test", "ALLOWED.test."]) {
    const opened = openSocket(broker, port, { host });
    await opened.heard("connected");
    opened.socket.abort();
  }
});

test("a name that leads outside first and inside later is not followed there, whoever asked before", async () => {
  const origin = await startOrigin();
  const { broker, fetch, resolved } = await startTestBroker({
    names: { "rebinding.test": [["93.184.216.34"], ["127.0.0.1"]] },
    policy: { internalHosts: [] },
  });
  const host = "rebinding.test";
  expect(await lookUp(broker, host)).toEqual(["93.184.216.34"]);
  for (const address of ["", "93.184.216.34", "127.0.0.1"]) {
    const opened = openSocket(broker, origin.port, { host, address });
    await opened.heard("failed");
    expect(opened.problem).toMatchObject({ code: "EACCES" });
  }
  const { problem } = await fetch(`http://${host}:${origin.port}/`);
  expect(problem).toMatchObject({ kind: "denied" });
  expect(await lookUp(broker, host)).toMatchObject({ kind: "denied" });
  expect(resolved).toEqual(Array(6).fill(host));
  expect(origin.connections).toBe(0);
});

test("what a guest says of names inside TLS or HTTP changes nothing of where it arrives", async () => {
  const origin = await startOrigin(undefined, { isTls: true });
  const other = await startOrigin(undefined, {
    host: "127.0.0.2",
    port: origin.port,
  });
  const { broker, fetch } = await startTestBroker({
    names: { "origin.test": [["127.0.0.1"]], "other.test": [["127.0.0.2"]] },
    policy: {
      internalHosts: ["origin.test", "127.0.0.1"],
      allow: ["origin.test"],
    },
  });
  const url = `https://origin.test:${origin.port}/`;
  const { head } = await fetch(url, {
    headers: [
      ["host", "other.test"],
      ["Host", "127.0.0.2"],
    ],
  });
  expect(head?.status).toBe(200);
  expect(origin.requests[0]?.headers.host).toBe(`origin.test:${origin.port}`);
  const refused = await fetch(url, { headers: [[":authority", "other.test"]] });
  expect(refused.problem).toMatchObject({ kind: "denied" });
  const opened = openSocket(broker, origin.port, {
    host: "origin.test",
    tls: {
      servername: "other.test",
      identity: "origin.test",
      ca: [originCertificate],
    },
  });
  await opened.heard("secured");
  expect(opened.place?.remoteAddress).toBe("127.0.0.1");
  // A tunnel onwards is what the other side makes of it, not the broker.
  for (const method of ["CONNECT", "TRACE", "connect", "GET / HTTP/1.1\r\n"])
    expect((await fetch(url, { method })).problem).toMatchObject({
      kind: "denied",
    });
  opened.socket.abort();
  expect(other.connections).toBe(0);
});
