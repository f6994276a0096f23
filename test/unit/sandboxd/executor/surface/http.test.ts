/** Node's http inside an isolate, over connections in memory and as the way an extension answers; beside plain Node's. */
import { createRequire } from "node:module";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answered,
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

/** `answer(bytes, options)` asks a connection that answers with these; `exchange(listener, options, body)` a server in memory. */
const given = `
  const http = require("http");
  const { Duplex } = require("stream");
  const pair = () => {
    const make = () => new Duplex({ read() {}, write(chunk, _e, done) { this.other.push(chunk); done(); }, final(done) { this.other.push(null); done(); } });
    const [a, b] = [make(), make()];
    a.other = b; b.other = a;
    return [a, b];
  };
  const told = (request, body) => new Promise((resolve) => {
    request.on("error", (error) => resolve([error.name, error.code, error.message, error.reason, error.bytesParsed]));
    request.on("upgrade", (response, socket, head) => resolve(["upgrade", response.statusCode, String(head)]));
    request.on("connect", (response, socket, head) => resolve(["connect", response.statusCode, String(head)]));
    const information = [];
    request.on("information", (each) => information.push(each.statusCode));
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece) => (text += piece));
      response.on("error", (error) => resolve([error.name, error.code, error.message, text]));
      response.on("end", () => resolve([response.statusCode, response.statusMessage, response.httpVersion, response.rawHeaders.filter((line, at, all) => line !== "Date" && all[at - 1] !== "Date"), response.headers["set-cookie"], response.trailers, text, response.complete, information]));
    });
    request.end(body);
  });
  const answer = (bytes, options, size = bytes.length) => {
    const [near, far] = pair();
    far.once("data", () => {
      for (let at = 0; at < bytes.length; at += size) far.push ? near.push(Buffer.from(bytes.slice(at, at + size), "latin1")) : 0;
      near.push(null);
    });
    return told(http.request({ createConnection: () => near, ...options }));
  };
  const exchange = (listener, options, body) => {
    const [near, far] = pair();
    http.createServer(listener).emit("connection", far);
    return told(http.request({ createConnection: () => near, ...options }), body);
  };
  const ok = "HTTP/1.1 200 OK\\r\\n";`;

const calls: Record<string, string> = {
  "a length": `return await answer(ok + "Content-Length: 3\\r\\nSet-Cookie: a=1\\r\\nset-cookie: b=2\\r\\n\\r\\nabc");`,
  "chunks with trailers": `return await answer(ok + "Transfer-Encoding: chunked\\r\\nTrailer: x\\r\\n\\r\\n3\\r\\nabc\\r\\n4;e=1\\r\\ndefg\\r\\n0\\r\\nx: y\\r\\n\\r\\n");`,
  "byte by byte": `return await answer(ok + "A: b\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n3\\r\\nabc\\r\\n0\\r\\n\\r\\n", {}, 1);`,
  "until the end": `return await answer(ok + "Connection: close\\r\\n\\r\\nabc");`,
  "no body for HEAD": `return await answer(ok + "Content-Length: 3\\r\\n\\r\\n", { method: "HEAD" });`,
  "no body for 204 and 304": `return [await answer("HTTP/1.1 204 None\\r\\n\\r\\n"), await answer("HTTP/1.1 304 Not\\r\\nContent-Length: 5\\r\\n\\r\\n")];`,
  "interim answers": `return await answer("HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP/1.1 103 Early\\r\\nLink: x\\r\\n\\r\\n" + ok + "Content-Length: 1\\r\\n\\r\\na");`,
  "an upgrade": `return await answer("HTTP/1.1 101 Switching\\r\\nConnection: upgrade\\r\\nUpgrade: x\\r\\n\\r\\nraw", { headers: { connection: "upgrade", upgrade: "x" } });`,
  "a tunnel": `return await answer(ok + "\\r\\nraw", { method: "CONNECT", path: "a:1" });`,
  "no HTTP": `return await answer("garbage\\r\\n\\r\\n");`,
  "cut short": `return [await answer(ok + "Content-Length: 9\\r\\n\\r\\nabc"), await answer(ok + "A: b"), await answer("")];`,
  "what could be read two ways": `
    const heads = ["Content-Length: 3\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n", "Content-Length: 3\\r\\nContent-Length: 4\\r\\n\\r\\nabc", "Content-Length: +3\\r\\n\\r\\nabc", "Transfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n", "A : b\\r\\n\\r\\n", "A: b\\rc\\r\\n\\r\\n", "A\\0: b\\r\\n\\r\\n", " A: b\\r\\n\\r\\n", "Transfer-Encoding: chunked, x\\r\\n\\r\\n3\\r\\nabc\\r\\n0\\r\\n\\r\\n"];
    const seen = [];
    for (const head of heads) seen.push(await answer(ok + head));
    return seen;`,
  "too many headers": `return await answer(ok + "a: b\\r\\n".repeat(10_000) + "\\r\\n");`,
  "a server in memory": `return await exchange((req, res) => { let n = 0; req.on("data", (d) => (n += d.length)).on("end", () => { res.writeHead(201, "Made", { "X-N": n }); res.write("a"); res.end(req.url); }); }, { method: "POST", path: "/x?y=1" }, "abc".repeat(100_000));`,
  "a server that wants no garbage": `
    const [near, far] = pair();
    http.createServer(() => undefined).emit("connection", far);
    near.write("GET / HTTP/1.1\\r\\nbad header\\r\\n\\r\\n");
    return String(await new Promise((done) => near.once("data", done)));`,
  "pipelined requests": `
    const [near, far] = pair();
    http.createServer((req, res) => res.end(req.url)).emit("connection", far);
    let text = "";
    near.on("data", (piece) => (text += piece));
    near.write("GET /1 HTTP/1.1\\r\\nhost: a\\r\\n\\r\\nGET /2 HTTP/1.1\\r\\nhost: a\\r\\nconnection: close\\r\\n\\r\\n");
    await new Promise((done) => near.on("end", done));
    return text.replace(/Date: .*\\r\\n/g, "");`,
  "an agent's connection again": `
    const agent = new http.Agent({ keepAlive: true });
    let made = 0;
    agent.createConnection = () => { made++; const [near, far] = pair(); server.emit("connection", far); for (const name of ["setKeepAlive", "setTimeout", "setNoDelay", "ref", "unref"]) near[name] = () => near; return near; };
    const server = http.createServer((req, res) => res.end(req.url));
    const first = await told(http.get({ agent, path: "/1" }));
    await new Promise((done) => setTimeout(done, 5));
    const second = await told(http.get({ agent, path: "/2" }));
    return [made, first[6], second[6]];`,
  names: `return [http.METHODS, http.STATUS_CODES[404], http.maxHeaderSize, Object.keys(http).sort()];`,
};

test.each(Object.entries(calls))("%s is as Node's", async (_what, body) => {
  const source = `${given}\nmodule.exports = async (ctx) => { ${body} };`;
  const version = await executor.loaded(source);
  expect(answeredJson(await executor.invoke(version))).toEqual(
    await onNode(body),
  );
});

test("an extension that requires http gets Node's own request and response", async () => {
  const version = await executor.loaded(`
    const http = require("http");
    module.exports = (ctx, req, res) => {
      const events = [];
      res.on("finish", () => events.push("finish"));
      res.on("close", () => console.log([...events, "close"].join()));
      req.setEncoding("utf8").on("data", (text) => {
        res.setHeader("Set-Cookie", ["a=1", "b=2"]);
        res.writeHead(418, "Teapot", { "Content-Type": "text/plain" });
        res.write(text);
        res.end(String(req instanceof http.IncomingMessage && res instanceof http.ServerResponse && res.headersSent), () => events.push("end"));
      });
    };`);
  const outcome = await executor.invoke(version, { payload: "héllo " });
  const reply = answered(outcome);
  expect(reply.httpStatus).toBe(418);
  expect(reply.contentType).toBe("text/plain");
  expect(reply.headers).toEqual([
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ]);
  expect(reply.body.toString()).toBe("héllo true");
  expect(outcome.lines.map(({ text }) => text)).toEqual(["end,finish,close"]);
});

test.each(["string", "bytes", "pieces"])(
  "six mebibytes as %s arrive whole",
  async (how) => {
    const size = 6 * 1024 * 1024;
    const version = await executor.loaded(`
      require("http");
      const bytes = Buffer.alloc(${size}, 97);
      module.exports = (ctx, req, res) => {
        if (${JSON.stringify(how)} === "string") return void res.end(bytes.toString("latin1"));
        if (${JSON.stringify(how)} === "bytes") return void res.end(bytes);
        require("stream").Readable.from(Array.from({ length: 96 }, (_, n) => bytes.subarray(n * 65536, (n + 1) * 65536))).pipe(res);
      };`);
    const { body } = answered(await executor.invoke(version));
    expect(body.length).toBe(size);
    expect(body.every((byte) => byte === 97)).toBe(true);
  },
);

async function onNode(body: string): Promise<unknown> {
  const require = createRequire(import.meta.url);
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- the same source, here
  const run = new Function(
    "require",
    `${given}\nreturn async () => { ${body} };`,
  )(require) as () => Promise<unknown>;
  const value: unknown = JSON.parse(JSON.stringify(await run()));
  return value;
}
