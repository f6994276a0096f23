/** Node's net, tls and dns inside, over a real executor, supervisor and broker, to servers of this machine. */
import { TLSSocket } from "node:tls";
import { expect, test } from "vitest";
import { startTestBroker } from "../../../support/broker.ts";
import { originCertificate, originKey } from "../../../support/certificate.ts";
import { startSocketWorld } from "../../../support/socket-world.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";
import { startTcpServer, startTlsServer } from "../../../support/tcp-server.ts";

function echo() {
  return startTcpServer((socket) => socket.pipe(socket));
}

test("net: what is written comes back, and both sides end", async () => {
  const { value } = await startSocketWorld();
  const { port } = await echo();
  expect(
    await value(
      `const socket = require("node:net").connect(port, "origin.test");
       const events = [];
       for (const name of ["lookup", "connect", "ready", "end", "close"])
         socket.on(name, () => events.push(name));
       socket.setEncoding("utf8");
       let text = "";
       socket.on("data", (part) => (text += part));
       socket.write("hällo ");
       socket.end(Buffer.from("world"));
       await new Promise((resolve, reject) => socket.on("close", resolve).on("error", reject));
       return { text, events, remote: socket.bytesRead };`,
      { port },
    ),
  ).toEqual({
    text: "hällo world",
    events: ["lookup", "connect", "ready", "end", "close"],
    remote: 12,
  });
});

test("net: errors have Node's codes, and a denial its name", async () => {
  const { value, run } = await startSocketWorld({
    policy: { deny: ["127.0.0.1:81"] },
  });
  const attempt = `
    const attempt = (port, host) => new Promise((resolve) =>
      require("net").connect(port, host).on("error", (e) => resolve([e.code, e.syscall])));`;
  expect(
    await value(
      `${attempt} return [await attempt(1025, "127.0.0.1"), await attempt(80, "nowhere.test"), await attempt(81, "127.0.0.1")];`,
      {},
    ),
  ).toEqual(
    [
      ["ECONNREFUSED", "connect"],
      ["ENOTFOUND", "getaddrinfo"],
      ["EACCES", null],
    ].map(([code, syscall]) =>
      syscall === null ? [code, null] : [code, syscall],
    ),
  );
  expect(
    await run(
      `await new Promise((_, reject) => require("net").connect(81, "127.0.0.1").on("error", reject));`,
      {},
    ),
  ).toMatchObject({ kind: "failed", failure: { reason: "egress_denied" } });
});

test("http and fetch: whom nobody reaches is told by the codes that clients look for", async () => {
  const { value } = await startSocketWorld({
    policy: { deny: ["127.0.0.1:81"] },
  });
  const { port } = await startTcpServer((socket) => socket.destroy());
  expect(
    await value(
      `const codes = [];
       for (const url of ["http://127.0.0.1:1025/", "http://nowhere.test/", "http://127.0.0.1:81/", \`http://127.0.0.1:\${port}/\`])
         codes.push([
           await new Promise((resolve) => require("http").get(url).on("error", (error) => resolve(error.code))),
           await fetch(url).catch((error) => error.cause.code),
         ]);
       return codes;`,
      { port },
    ),
  ).toEqual([
    ["ECONNREFUSED", "ECONNREFUSED"],
    ["ENOTFOUND", "ENOTFOUND"],
    ["EACCES", "EGRESS_DENIED"],
    ["ECONNRESET", expect.stringMatching(/^(ECONNRESET|UND_ERR_SOCKET)$/)],
  ]);
});

test("net: 8 MiB go round with back-pressure", async () => {
  const { value } = await startSocketWorld();
  const { port } = await echo();
  expect(
    await value(
      `const socket = require("net").connect(port, "127.0.0.1");
       const chunk = Buffer.alloc(128 * 1024, "x");
       let sent = 0, got = 0, drains = 0;
       socket.on("data", (part) => (got += part.length));
       const more = () => {
         while (sent < 64) { sent++; if (!socket.write(chunk)) return; }
         socket.end();
       };
       socket.on("drain", () => { drains++; more(); });
       more();
       await new Promise((resolve, reject) => socket.on("close", resolve).on("error", reject));
       return { got, hasDrained: drains > 10 };`,
      { port },
    ),
  ).toEqual({ got: 8 * 1024 * 1024, hasDrained: true });
}, 60_000);

test("net: a socket that is never closed ends with its call", async () => {
  const { value } = await startSocketWorld();
  const { port, sockets } = await echo();
  expect(
    await value(
      `const socket = require("net").connect(port, "127.0.0.1");
       await new Promise((resolve) => socket.once("connect", resolve));
       return socket.readyState;`,
      { port },
    ),
  ).toBe("open");
  await expect.poll(() => sockets[0]?.readableEnded).toBe(true);
});

test("net: a flood of connections is bounded", async () => {
  const { value } = await startSocketWorld();
  const { port, sockets } = await echo();
  const codes = await value(
    `const all = Array.from({ length: 200 }, () => new Promise((resolve) => {
       const socket = require("net").connect(port, "127.0.0.1");
       socket.on("connect", () => resolve("open")).on("error", (e) => resolve(e.code));
     }));
     const counts = {};
     for (const code of await Promise.all(all)) counts[code] = (counts[code] || 0) + 1;
     return counts;`,
    { port },
  );
  expect(codes).toEqual({ open: 16, EGRESS_LIMIT: 184 });
  await expect.poll(() => sockets.length).toBe(16);
});

test("tls: from the start, with what was agreed on", async () => {
  const { value } = await startSocketWorld();
  const { port } = await startTlsServer((socket) => socket.pipe(socket), {
    ALPNProtocols: ["one"],
  });
  expect(
    await value(
      `const tls = require("tls");
       const socket = tls.connect({ port, host: "origin.test", servername: "origin.test", ALPNProtocols: ["one"] });
       socket.setEncoding("utf8");
       const text = new Promise((resolve) => socket.once("data", resolve));
       socket.write("early");
       await new Promise((resolve, reject) => socket.on("secureConnect", resolve).on("error", reject));
       const certificate = socket.getPeerCertificate();
       const seen = [socket.authorized, socket.alpnProtocol, socket.getProtocol(), socket.getCipher().version,
         certificate.subject.CN, Buffer.isBuffer(certificate.raw), socket.encrypted, await text];
       socket.end();
       await new Promise((resolve) => socket.on("close", resolve));
       return seen;`,
      { port },
    ),
  ).toEqual([
    true,
    "one",
    "TLSv1.3",
    "TLSv1.3",
    "origin.test",
    true,
    true,
    "early",
  ]);
});

test("tls: roots set for all of an isolate's connections, and taken back; what both sides said last", async () => {
  const { value } = await startSocketWorld();
  const { port } = await startTlsServer((socket) => socket.pipe(socket));
  const seen = await value(
    `const tls = require("tls");
     const attempt = () => new Promise((resolve) => {
       const socket = tls.connect({ port, host: "127.0.0.1", servername: "origin.test" });
       socket.on("secureConnect", () => resolve([socket.authorized, socket.getFinished().length > 0, socket.getFinished().equals(socket.getPeerFinished()), socket.getEphemeralKeyInfo().type]));
       socket.on("error", (error) => resolve(error.code));
     });
     const before = tls.getCACertificates("default");
     tls.setDefaultCACertificates([before[0]]);
     const untrusted = await attempt();
     tls.setDefaultCACertificates(before);
     let refused;
     try { tls.setDefaultCACertificates([...before, before[0]]); } catch (error) { refused = error.name; }
     return [untrusted, await attempt(), refused];`,
    { port },
  );
  expect(seen).toEqual([
    "DEPTH_ZERO_SELF_SIGNED_CERT",
    [true, true, false, expect.stringMatching(/^(TLSGroup|ECDH)$/)],
    "RangeError",
  ]);
});

test("tls: on a connection that was plain, and by the guest's own judgement", async () => {
  const { value } = await startSocketWorld();
  const { port } = await startTcpServer((socket) => {
    socket.once("data", () => {
      socket.write("S");
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
  expect(await value(overPlain(`servername: "origin.test"`), { port })).toEqual(
    ["S", "query!", true, null],
  );
  expect(await value(overPlain(`servername: "else.test"`), { port })).toBe(
    "ERR_TLS_CERT_ALTNAME_INVALID",
  );
  expect(
    await value(
      overPlain(`servername: "else.test", rejectUnauthorized: false`),
      {
        port,
      },
    ),
  ).toEqual(["S", "query!", false, "ERR_TLS_CERT_ALTNAME_INVALID"]);
  expect(
    await value(
      overPlain(
        `servername: "else.test", checkServerIdentity: () => undefined`,
      ),
      { port },
    ),
  ).toEqual(["S", "query!", true, null]);
});

const byHand = (plain: string) => `
    const net = require("net");
    ${plain}
    const socket = new (require("tls").TLSSocket)(under, { rejectUnauthorized: false, servername: "origin.test" });
    const order = [];
    under.on("connect", () => order.push("connected"));
    socket.on("secure", () => order.push("secured"));
    socket.end("by hand");
    let text = "";
    for await (const part of socket) { if (text === "") order.push("answered"); text += part; }
    return [text, socket.getProtocol(), order];`;

test("tls: a socket made by hand begins with its first words, also before the connection is there", async () => {
  const { value } = await startSocketWorld();
  const { port } = await startTlsServer((socket) => socket.pipe(socket));
  expect(
    await value(byHand(`const under = net.connect(port, "127.0.0.1");`), {
      port,
    }),
  ).toEqual(["by hand", "TLSv1.3", ["connected", "secured", "answered"]]);
  expect(
    await value(
      byHand(
        `const under = net.connect(port, "127.0.0.1"); await require("events").once(under, "connect");`,
      ),
      { port },
    ),
  ).toEqual(["by hand", "TLSv1.3", ["secured", "answered"]]);
});

test("tls: what breaks off before TLS is agreed on is told as Node tells it", async () => {
  const { value } = await startSocketWorld();
  const { port } = await startTcpServer((socket) => {
    socket.once("data", () => socket.end());
  });
  const codes = await value(
    `const code = (socket) => new Promise((resolve) => socket.on("error", (e) => resolve(e.code)).on("close", () => resolve("closed")).on("secureConnect", () => resolve("secured")));
     const tls = require("tls"), net = require("net");
     const gone = net.connect(port, "127.0.0.1");
     gone.destroy();
     return [await code(tls.connect(port, "127.0.0.1")), await code(tls.connect({ socket: net.connect(port, "127.0.0.1") })), await code(tls.connect({ socket: gone }))];`,
    { port },
  );
  expect(codes).toEqual(["ECONNRESET", "ECONNRESET", "ECONNRESET"]);
});

test("dns: addresses and records, under the rules", async () => {
  const { value, resolved } = await startSocketWorld({
    names: {
      "origin.test": [["127.0.0.1", "93.184.215.14"]],
      "public.test": [["93.184.215.14"]],
    },
    policy: { allow: ["public.test", "*.public.test"] },
    query: (name, kind) => {
      if (kind === "MX")
        return Promise.resolve([{ exchange: "mail.test", priority: 1 }]);
      return kind === "A"
        ? Promise.resolve([{ address: "93.184.215.14", ttl: 60 }])
        : undefined;
    },
  });
  expect(
    await value(
      `const dns = require("dns");
       const code = (promise) => promise.then(() => "found", (e) => e.code);
       return [
         await dns.promises.lookup("public.test"),
         await require("dns/promises").lookup("public.test", { all: true }),
         await dns.promises.resolve4("public.test", { ttl: true }),
         await dns.promises.resolveMx("public.test"),
         await code(dns.promises.resolveTxt("public.test")),
         await code(dns.promises.lookup("origin.test")),
         await code(dns.promises.resolveMx("origin.test")),
         await new Promise((resolve) => dns.lookup("public.test", (e, address) => resolve(address))),
       ];`,
      {},
    ),
  ).toEqual([
    { address: "93.184.215.14", family: 4 },
    [{ address: "93.184.215.14", family: 4 }],
    [{ address: "93.184.215.14", ttl: 60 }],
    [{ exchange: "mail.test", priority: 1 }],
    "ENOTFOUND",
    "EACCES",
    "EACCES",
    "93.184.215.14",
  ]);
  expect(resolved).not.toContain("origin.test");
  expect(resolved).not.toContain("MX origin.test");
});

function overPlain(options: string): string {
  return `
    const plain = require("net").connect(port, "127.0.0.1");
    plain.write("SSLRequest");
    const answer = await new Promise((resolve) => plain.once("data", resolve));
    plain.removeAllListeners("data");
    const socket = require("tls").connect({ socket: plain, ${options} });
    socket.write("query");
    return new Promise((resolve) => {
      socket.on("error", (e) => resolve(e.code));
      socket.once("data", (part) => { resolve([answer.toString(), part.toString(), socket.authorized, socket.authorizationError]); socket.destroy(); });
    });`;
}

test("net: an error comes before the close, with or without something to write", async () => {
  const { value } = await startSocketWorld({
    policy: { deny: ["127.0.0.1:81"] },
  });
  expect(
    await value(
      `const order = (port, begin) => new Promise((resolve) => {
         const events = [];
         const socket = require("net").connect(port, "127.0.0.1");
         socket.on("error", (e) => events.push(e.code)).on("close", () => resolve(events));
         begin(socket);
       });
       return [await order(81, () => 0), await order(81, (s) => s.end("x")), await order(1025, (s) => s.end("x"))];`,
      {},
    ),
  ).toEqual([["EACCES"], ["EACCES"], ["ECONNREFUSED"]]);
});

test("net: who hears of an error is done with it before the close and what the close says", async () => {
  const { value } = await startSocketWorld();
  const order = await value(
    `const order = [];
     const socket = require("net").connect(1025, "127.0.0.1");
     socket.write("words", (error) => order.push(error.code));
     socket.on("error", async (error) => {
       order.push(error.code);
       for (let turn = 0; turn < 20; turn++) await null;
       order.push("heard");
       process.nextTick(() => order.push("ticked"));
     });
     await new Promise((resolve) => socket.on("close", resolve));
     order.push("closed");
     return order;`,
    {},
  );
  expect(order).toEqual([
    "ECONNREFUSED",
    "heard",
    "ticked",
    "ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
    "closed",
  ]);
});

test("net: what a guest says of the way changes nothing of whom it reaches", async () => {
  const { codesOf, resolved } = await startSocketWorld({
    names: { "public.test": [["8.8.8.8"]] },
    policy: { internalHosts: [], allow: ["public.test"] },
  });
  const { port, sockets } = await echo();
  const codes = await codesOf(
    `const net = require("net");
     const http = require("http");
     const codeOf = (begin) => new Promise((resolve, reject) =>
       begin().on("connect", () => resolve("open")).on("response", () => resolve("answered")).on("error", reject)).catch((e) => e.code);
     const lookup = (name, options, done) => options.all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4);
     const hosts = ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "::ffff:127.0.0.1", "::1", "0.0.0.0", "::", "169.254.169.254", "fe80::1", "10.0.0.1", "localhost"];
     const seen = {};
     for (const host of hosts) seen[host] = await codeOf(() => net.connect({ port, host }));
     seen.lookup = await codeOf(() => net.connect({ port, host: "public.test", lookup }));
     seen.httpLookup = await codeOf(() => http.get({ port, host: "public.test", lookup }));
     seen.localAddress = await codeOf(() => net.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.1", localPort: 1 }));
     seen.path = await codeOf(() => net.connect({ path: "/run/annex/sandboxd.sock" }));
     seen.socketPath = await codeOf(() => http.get({ socketPath: "/run/annex/sandboxd.sock", path: "/" }));
     seen.connect = await codeOf(() => http.request({ port, host: "127.0.0.1", method: "CONNECT", path: "127.0.0.1:1" }).end());
     return seen;`,
    { port },
  );
  const { path, socketPath, ...others } = codes;
  expect([path, socketPath]).toEqual([
    "ERR_ANNEX_UNAVAILABLE",
    "ERR_ANNEX_UNAVAILABLE",
  ]);
  expect(Object.keys(others).length).toBe(17);
  expect(new Set(Object.values(others))).toEqual(new Set(["EACCES"]));
  expect(sockets).toEqual([]);
  expect(resolved).toEqual([]);
});

test("dns: nothing is asked about names and addresses that no rule opens", async () => {
  const { codesOf, resolved } = await startSocketWorld({
    policy: { internalHosts: [], allow: ["public.test"] },
  });
  const codes = await codesOf(
    `const dns = require("dns").promises;
     const codeOf = (asked) => asked.then(() => "found", (e) => e.code);
     const seen = {};
     for (const address of ["10.0.0.1", "127.0.0.1", "169.254.169.254", "fd00::1", "8.8.8.8"]) seen[address] = await codeOf(dns.reverse(address));
     for (const kind of ["A", "TXT", "MX", "PTR", "SRV"]) seen[kind] = await codeOf(dns.resolve("stolen.attacker.test", kind));
     seen.ptr = await codeOf(dns.resolvePtr("1.0.0.10.in-addr.arpa"));
     seen.lookup = await codeOf(dns.lookup("stolen.attacker.test"));
     seen.service = await codeOf(dns.lookupService("127.0.0.1", 22));
     return seen;`,
    { port: 0 },
  );
  expect(Object.keys(codes).length).toBe(13);
  expect(new Set(Object.values(codes))).toEqual(new Set(["EACCES"]));
  expect(resolved).toEqual([]);
});

test("net: a socket kept past the end of its call can be written to no more", async () => {
  const { broker } = await startTestBroker();
  const { supervisor } = await startTestSupervisor({}, { gate: broker });
  const { port, sockets } = await echo();
  const version = versionOf(
    `const seen = [];
     let kept;
     module.exports = async (ctx) => {
       if (kept) {
         const failed = await new Promise((resolve) => kept.write("late", (error) => resolve(error && error.code)));
         return { seen, destroyed: kept.destroyed, failed };
       }
       kept = require("net").connect(ctx.data.port, "127.0.0.1");
       kept.on("close", () => seen.push("close"));
       await new Promise((resolve) => kept.once("connect", resolve));
       return null;
     };`,
    "kept",
  );
  await supervisor.run(version, callWith({ port }));
  const { outcome } = await supervisor.run(version, callWith({ port }));
  if (outcome.kind !== "answered") throw new Error(JSON.stringify(outcome));
  expect(JSON.parse(outcome.payload.toString())).toEqual({
    seen: ["close"],
    destroyed: true,
    failed: "ERR_STREAM_DESTROYED",
  });
  expect(sockets.length).toBe(1);
  expect(sockets[0]?.bytesRead).toBe(0);
});

test("net: the address and port to leave from are asked for in vain, and connect all the same", async () => {
  const { value } = await startSocketWorld();
  const { port } = await echo();
  const seen = await value(
    `const socket = require("net").connect({ port, host: "127.0.0.1", localAddress: "127.0.0.1", localPort: 1 });
     socket.end("x");
     // At once: the other side may end next, and then it has no address any more.
     return await new Promise((resolve, reject) => {
       socket.once("data", (text) => resolve([String(text), socket.localAddress, socket.localPort === 1])).once("error", reject);
     });`,
    { port },
  );
  expect(seen).toEqual(["x", "0.0.0.0", false]);
});
