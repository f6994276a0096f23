/** Servers that listen within an isolate: as on Node for who is inside, and nothing to anybody else. */
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";
import { expectSameAsNode } from "./same-as-node.ts";

test("servers and clients of one invocation meet as on Node", async () => {
  await expectSameAsNode("loopback-cases.cjs");
}, 60_000);

test("a server of one invocation is not found by another, and ends with its own", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    const net = require("net");
    let server;
    module.exports = async (ctx) => {
      const attempt = (port) => new Promise((resolve) => {
        const socket = net.connect(port, "127.0.0.1");
        socket.on("connect", () => resolve("open")).on("error", (e) => resolve(e.code));
      });
      if (ctx.data.port) return [await attempt(ctx.data.port), server.listening];
      server = net.createServer().listen(4321);
      await new Promise((resolve) => server.on("listening", resolve));
      return await attempt(4321);
    };`);
  executor.listen((reply) => {
    if (reply.type !== "egress-connect") return;
    const { id, egress } = reply;
    const failure = {
      kind: "denied" as const,
      message: "no",
      code: "EACCES",
    };
    executor.send({ type: "egress-failure", id, egress, failure });
  });
  expect(answeredJson(await executor.invoke(version))).toBe("open");
  const later = await executor.invoke(version, {
    payload: '{"port":4321}',
  });
  expect(answeredJson(later)).toEqual(["EACCES", false]);
});

test("an app that listens as it loads is the extension it exports, and reached by its calls", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    const http = require("http");
    const server = http.createServer((req, res) => {
      if (req.url === "/inner") return res.end("from inside");
      http.get({ port: 3000, path: "/inner" }, (inner) => inner.pipe(res));
    });
    server.listen(3000, () => console.log("listening"));
    module.exports = server;`);
  for (let call = 0; call < 2; call++) {
    const outcome = await executor.invoke(version);
    expect(outcome.type === "answered" && outcome.body.toString()).toBe(
      "from inside",
    );
  }
});

test("TLS servers load and are handed requests, but do not listen, and say so", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    const https = require("https");
    const tls = require("tls");
    const server = https.createServer(async (req, res) => {
      const errors = [];
      for (const each of [https.createServer(), tls.createServer()]) {
        each.listen(0);
        errors.push(await new Promise((resolve) => each.on("error", (e) => resolve([e.code, e.message]))));
      }
      try { tls.createServer({ cert: "nonsense" }); } catch (error) { errors.push(error.code); }
      errors.push(tls.createServer().getTicketKeys().length);
      res.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify([req.url, errors]));
    });
    module.exports = server;`);
  const outcome = await executor.invoke(version);
  const refused = [
    "ERR_ANNEX_UNAVAILABLE",
    expect.stringContaining("a TLS server that listens cannot be offered"),
  ];
  expect(outcome.type === "answered" && outcome.httpStatus).toBe(201);
  expect(answeredJson(outcome)).toEqual([
    "/",
    [refused, refused, "ERR_OSSL_PEM_NO_START_LINE", 48],
  ]);
});
