/** Connections for whatever protocol, under the rules that requests have. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { openSocket } from "../../../support/broker-socket.ts";
import { openPolicy, startTestBroker } from "../../../support/broker.ts";
import { originCertificate, originKey } from "../../../support/certificate.ts";
import { startHttpProxy, startSocksProxy } from "../../../support/proxies.ts";
import { startTcpServer, startTlsServer } from "../../../support/tcp-server.ts";

const mebibyte = 1024 * 1024;
const names = { "origin.test": [["127.0.0.1"]] };

function echo() {
  return startTcpServer((socket) => socket.pipe(socket));
}

test("bytes go out and come back, each side ends, and then it is closed", async () => {
  const { broker } = await startTestBroker();
  const { port } = await echo();
  const opened = openSocket(broker, port);
  await opened.heard("connected");
  expect(opened.place).toEqual({
    remoteAddress: "127.0.0.1",
    remotePort: port,
    localPort: expect.any(Number),
    family: 4,
  });
  opened.write("hello");
  expect((await opened.has(5)).toString()).toBe("hello");
  opened.socket.finish();
  await opened.heard("end");
  expect(opened.events).toEqual(["connected", "taken", "finished", "end"]);
});

test("the other side may end first, and is written to all the same", async () => {
  const { broker } = await startTestBroker();
  let seen = "";
  const { port } = await startTcpServer((socket) => {
    socket.end("bye");
    socket.on("data", (bytes) => (seen += bytes.toString()));
  });
  const opened = openSocket(broker, port);
  await opened.heard("finished");
  expect(opened.received.toString()).toBe("bye");
  opened.write("late");
  opened.socket.finish();
  await opened.heard("end");
  expect(seen).toBe("late");
});

test("what is not pulled is not read", async () => {
  const { broker } = await startTestBroker();
  const { port, sockets } = await startTcpServer((socket) =>
    socket.write(Buffer.alloc(32 * mebibyte)),
  );
  const opened = openSocket(broker, port, { isIdle: true });
  opened.socket.pull(100_000);
  await opened.has(100_000);
  expect(opened.received.length).toBe(100_000);
  expect(opened.largestChunk).toBeLessThanOrEqual(64 * 1024);
  expect(sockets[0]?.writableLength).toBeGreaterThan(16 * mebibyte);
  opened.socket.abort();
});

test("writes are taken as fast as the other side reads", async () => {
  const { broker } = await startTestBroker();
  const { port, sockets } = await startTcpServer((socket) => socket.pause());
  const opened = openSocket(broker, port);
  await opened.heard("connected");
  // More than the kernel's buffers take.
  opened.socket.write(Buffer.alloc(20 * mebibyte));
  const other = openSocket(broker, (await echo()).port);
  other.write("x");
  await other.has(1);
  expect(opened.events).toEqual(["connected"]);
  sockets[0]?.resume();
  await opened.heard("taken");
  opened.socket.abort();
  other.socket.abort();
});

test.each([
  ["loopback", "127.0.0.1", { internalHosts: [] }],
  ["metadata", "169.254.169.254", {}],
  ["a denied address", "127.0.0.1", { deny: ["127.0.0.1"] }],
  ["another than the allowed", "127.0.0.1", { allow: ["api.example.com"] }],
  ["a name that leads inside", "inside.test", { internalHosts: [] }],
  ["no name", "a..b", {}],
])("%s is refused before anything is sent", async (_name, host, policy) => {
  const { broker } = await startTestBroker({
    policy,
    names: { "inside.test": [["127.0.0.1"]] },
  });
  const { port, sockets } = await echo();
  const opened = openSocket(broker, port, { host });
  await opened.heard("failed");
  expect(opened.problem).toMatchObject({ kind: "denied", code: "EACCES" });
  expect(sockets).toEqual([]);
});

test("a port for mail is open by a rule that names it, and only so", async () => {
  const { broker } = await startTestBroker();
  const mail = openSocket(broker, 25);
  await mail.heard("failed");
  expect(mail.problem).toMatchObject({ kind: "denied", code: "EACCES" });
  broker.configure("acme", {
    ...openPolicy,
    internalHosts: ["127.0.0.1:25"],
  });
  const named = openSocket(broker, 25);
  await named.heard("failed");
  expect(named.problem).toMatchObject({ code: "ECONNREFUSED" });
});

test("what cannot be reached says why, by Node's codes", async () => {
  const { broker } = await startTestBroker();
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of a server that listens on TCP
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  const refused = openSocket(broker, port);
  const unknown = openSocket(broker, port, { host: "nowhere.test" });
  await Promise.all([refused.heard("failed"), unknown.heard("failed")]);
  expect(refused.problem).toMatchObject({
    kind: "failed",
    code: "ECONNREFUSED",
  });
  expect(unknown.problem).toMatchObject({ kind: "failed", code: "ENOTFOUND" });
  expect(unknown.problem?.message).not.toContain("10.1.2.3");
});

test("a connection that the other side resets fails", async () => {
  const { broker } = await startTestBroker();
  const { port } = await startTcpServer((socket) =>
    socket.once("data", () => socket.resetAndDestroy()),
  );
  const opened = openSocket(broker, port);
  await opened.heard("connected");
  opened.write("x");
  await opened.heard("failed");
  expect(opened.problem).toMatchObject({ code: "ECONNRESET" });
});

test("TLS from the start: by name, protocol and certificate", async () => {
  const { broker } = await startTestBroker({ names });
  const { port } = await startTlsServer((socket) => socket.pipe(socket), {
    ALPNProtocols: ["two", "one"],
  });
  const opened = openSocket(broker, port, {
    host: "origin.test",
    tls: {
      servername: "origin.test",
      identity: "origin.test",
      alpnProtocols: ["one"],
      minVersion: "TLSv1.3",
    },
  });
  await opened.heard("secured");
  expect(opened.tls).toMatchObject({
    authorized: true,
    alpnProtocol: "one",
    protocol: "TLSv1.3",
    servername: "origin.test",
    certificates: [{ subject: { CN: "origin.test" }, raw: {} }],
  });
  opened.write("secret");
  expect((await opened.has(6)).toString()).toBe("secret");
  opened.socket.finish();
  await opened.heard("end");
});

test("a certificate that is not trusted ends the connection, unless the guest takes it so", async () => {
  const { broker } = await startTestBroker();
  const seen: string[] = [];
  const { port } = await startTlsServer((socket) => {
    socket.on("data", (bytes) => seen.push(bytes.toString()));
  });
  const strict = openSocket(broker, port, {
    tls: { identity: "elsewhere.test" },
  });
  strict.write("secret");
  await strict.heard("failed");
  expect(strict.problem).toMatchObject({
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
  const lax = openSocket(broker, port, {
    tls: { identity: "elsewhere.test", rejectUnauthorized: false },
  });
  await lax.heard("secured");
  expect(lax.tls).toMatchObject({
    authorized: false,
    authorizationError: "ERR_TLS_CERT_ALTNAME_INVALID",
  });
  lax.socket.abort();
  expect(seen).toEqual([]);
  const again = openSocket(broker, port, {
    tls: { identity: "elsewhere.test" },
  });
  await again.heard("failed");
});

test("the guest's own roots hold for its connection alone", async () => {
  const { broker } = await startTestBroker({ names });
  const { port } = await startTlsServer(() => undefined);
  const wishes = { identity: "origin.test" };
  const other = openSocket(broker, port, {
    tls: { ...wishes, ca: [otherCertificate] },
  });
  await other.heard("failed");
  expect(other.problem).toMatchObject({
    code: expect.stringMatching(/CERT|SELF|ISSUER|VERIFY/),
  });
  const own = openSocket(broker, port, {
    tls: { ...wishes, ca: [originCertificate] },
  });
  await own.heard("secured");
  own.socket.abort();
});

test("a client's certificate is shown", async () => {
  const { broker } = await startTestBroker({ names });
  const { port, sockets } = await startTlsServer(() => undefined, {
    requestCert: true,
    ca: originCertificate,
  });
  const opened = openSocket(broker, port, {
    tls: { cert: originCertificate, key: originKey, identity: "origin.test" },
  });
  await opened.heard("secured");
  await expect.poll(() => sockets.length).toBe(1);
  const [socket] = sockets;
  expect(socket instanceof TLSSocket && socket.authorized).toBe(true);
  opened.socket.abort();
});

test.each([
  ["no JSON", "{"],
  ["certificates that are none", '{"ca":["x"]}'],
  ["a key that is none", '{"key":"x"}'],
  ["an encrypted key", '{"key":"-----BEGIN ENCRYPTED PRIVATE KEY-----"}'],
  ["ciphers that are none", '{"ciphers":"none at all"}'],
  ["another type", '{"alpnProtocols":7}'],
])("wishes of TLS with %s fail, and no more than that", async (_name, tls) => {
  const { broker, warnings } = await startTestBroker();
  const { port } = await startTlsServer(() => undefined);
  const opened = openSocket(broker, port);
  await opened.heard("connected");
  opened.socket.upgrade(Buffer.from(tls));
  await opened.heard("failed");
  expect(opened.problem).toMatchObject({ kind: "failed" });
  expect(warnings).toEqual([]);
});

/** Asks for TLS as PostgreSQL's clients do. */
function startPostgresLike(before = "S") {
  return startTcpServer((socket) => {
    socket.once("data", (bytes) => {
      if (bytes.toString() !== "SSLRequest") return;
      socket.write(before);
      if (before !== "S") return;
      const secured = new TLSSocket(socket, {
        isServer: true,
        key: originKey,
        cert: originCertificate,
      });
      secured.on("error", () => undefined);
      secured.on("data", (words) => secured.write(`${words.toString()}!`));
      secured.on("end", () => secured.end());
    });
  });
}

test("TLS is begun on a connection that was plain", async () => {
  const { broker } = await startTestBroker({ names });
  const { port } = await startPostgresLike();
  const opened = openSocket(broker, port, { host: "origin.test" });
  await opened.heard("connected");
  opened.write("SSLRequest");
  expect((await opened.has(1)).toString()).toBe("S");
  opened.upgrade({ identity: "origin.test", servername: "origin.test" });
  opened.write("query");
  await opened.heard("secured");
  expect((await opened.has(7)).toString()).toBe("Squery!");
  opened.socket.finish();
  await opened.heard("end");
  expect(opened.events.filter((event) => event !== "taken")).toEqual([
    "connected",
    "secured",
    "finished",
    "end",
  ]);
});

test("words that came before TLS and were not read do not pass for its own", async () => {
  const { broker } = await startTestBroker({ names });
  const { port } = await startPostgresLike("Sinjected");
  const opened = openSocket(broker, port, { isIdle: true });
  await opened.heard("connected");
  opened.write("SSLRequest");
  opened.socket.pull(1);
  await opened.has(1);
  opened.upgrade({ rejectUnauthorized: false });
  opened.socket.pull(1000);
  await opened.heard("failed");
  expect(opened.received.toString()).toBe("S");
});

test("all connections go through the platform's proxy, to a checked address", async () => {
  const { port } = await startTlsServer((socket) => socket.pipe(socket));
  for (const start of [startHttpProxy, startSocksProxy]) {
    const proxy = await start();
    const { broker } = await startTestBroker({
      names,
      policy: { proxy: { url: proxy.url, username: "u", password: "p" } },
    });
    const opened = openSocket(broker, port, {
      host: "origin.test",
      tls: { identity: "origin.test" },
    });
    await opened.heard("secured");
    expect(opened.place).toMatchObject({ remoteAddress: "127.0.0.1" });
    expect(proxy.asked).toEqual([`127.0.0.1:${port}`]);
    opened.write("through");
    expect((await opened.has(7)).toString()).toBe("through");
    opened.socket.abort();
  }
});

test("a proxy that refuses is a host that cannot be reached", async () => {
  const proxy = await startHttpProxy(403);
  const { broker } = await startTestBroker({
    policy: { proxy: { url: proxy.url, username: "", password: "" } },
  });
  const opened = openSocket(broker, 5432);
  await opened.heard("failed");
  expect(opened.problem).toMatchObject({ code: "EHOSTUNREACH" });
  expect(opened.problem?.message).toContain("proxy");
});

test("connections count as requests, and their bytes as bodies", async () => {
  const { broker } = await startTestBroker({
    policy: { maxRequests: 2, maxBytes: 1000 },
    maxOpenEgress: 2,
  });
  const { port } = await echo();
  const first = openSocket(broker, port);
  const second = openSocket(broker, port);
  const third = openSocket(broker, port);
  await third.heard("failed");
  expect(third.problem).toMatchObject({ limit: { name: "open_egress" } });
  await first.heard("connected");
  await second.heard("connected");
  first.write(Buffer.alloc(600));
  await first.heard("failed");
  expect(first.problem).toMatchObject({
    code: "EGRESS_LIMIT",
    limit: { name: "egress_bytes", value: 1000, observed: 1200 },
  });
  const fourth = openSocket(broker, port);
  await fourth.heard("failed");
  expect(fourth.problem).toMatchObject({ limit: { name: "egress_requests" } });
  second.socket.abort();
});

test("bytes of a connection take the container's rate", async () => {
  const { broker } = await startTestBroker({
    policy: { bytesPerSecond: mebibyte },
  });
  const { port } = await startTcpServer((socket) =>
    socket.end(Buffer.alloc(mebibyte)),
  );
  const startedAt = performance.now();
  const opened = openSocket(broker, port);
  await opened.has(mebibyte);
  expect(performance.now() - startedAt).toBeGreaterThan(500);
  opened.socket.abort();
});

test("one that does not answer in its time fails; one that is idle does not", async () => {
  const { broker } = await startTestBroker({ policy: { requestMs: 200 } });
  const { port } = await startTcpServer(() => undefined);
  const silent = openSocket(broker, port, { tls: {} });
  const idle = openSocket(broker, port);
  await idle.heard("connected");
  await silent.heard("failed");
  expect(silent.problem).toMatchObject({ limit: { name: "egress_ms" } });
  expect(idle.events).toEqual(["connected"]);
  idle.socket.abort();
});

test("a container that is forgotten keeps no connection", async () => {
  const { broker } = await startTestBroker();
  const { port, sockets } = await echo();
  const opened = openSocket(broker, port);
  await opened.heard("connected");
  broker.forget("acme");
  await opened.heard("failed");
  await expect.poll(() => sockets[0]?.readableEnded).toBe(true);
});

const otherCertificate = `-----BEGIN CERTIFICATE-----
MIIBgDCCASegAwIBAgIUWA9tPcYajWkWQP5TGToXCTfZBwswCgYIKoZIzj0EAwIw
FTETMBEGA1UEAwwKb3RoZXIudGVzdDAgFw0yNjExMjExMDA4MTBaGA8yMTI2MTAy
ODEwMDgxMFowFTETMBEGA1UEAwwKb3RoZXIudGVzdDBZMBMGByqGSM49AgEGCCqG
SM49AwEHA0IABFoO6+cmPaomhTfIrM8H4xam8MBempMYgGMoirpY4+tElA3oeXPI
Lp9T7xsai2M3HPj8H08aZiVcSSqqpom0nYGjUzBRMB0GA1UdDgQWBBSpY2dHwnBz
EGGYwhCpm4gndlD47jAfBgNVHSMEGDAWgBSpY2dHwnBzEGGYwhCpm4gndlD47jAP
BgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0cAMEQCIDPRbOCO3NgDt8toc3l/
vyTQ2m4BjQfmqnB9W/naOIE6AiBHzflzCiKFx75xAfE8ejUmMkMcVkMWHWH6pH/p
EG/ZWw==
-----END CERTIFICATE-----`;
