/** Web frameworks as extensions bring them, answering as on plain Node. */
import { createServer, type RequestListener } from "node:http";
import { createRequire } from "node:module";
import { once } from "node:events";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundled } from "../../../../support/bundled.ts";
import {
  answered,
  startExecutor,
  type InvokeChanges,
  type TestExecutor,
} from "../../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

/** Whatever the framework, the same routes. */
const expressRoutes = (name: string) => `
  const express = require(${JSON.stringify(name)});
  const app = express();
  app.use(express.json());
  app.get("/hello/:name", (req, res) => res.status(201).set("X-Kind", "greeting").json({ hello: req.params.name, query: req.query }));
  app.post("/echo", (req, res) => res.send(req.body));
  app.get("/pieces", (req, res) => { res.type("text"); res.write("one "); res.write("two "); res.end("three"); });
  app.get("/redirect", (req, res) => res.redirect("/elsewhere"));
  app.get("/nothing", (req, res) => res.sendStatus(204));
  app.get("/cookie", (req, res) => res.cookie("a", "1").cookie("b", "2").send("ok"));
  app.get("/throws", () => { throw new Error("broken"); });
  app.use((error, req, res, next) => res.status(500).send("caught " + error.message));
`;

interface Seen {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
}

const requests: Record<string, { method: string; url: string; body?: string }> =
  {
    json: { method: "GET", url: "/hello/ada?x=1&x=2" },
    head: { method: "HEAD", url: "/hello/ada" },
    body: { method: "POST", url: "/echo", body: '{"a":[1,"é"]}' },
    "bad body": { method: "POST", url: "/echo", body: "{" },
    pieces: { method: "GET", url: "/pieces" },
    redirect: { method: "GET", url: "/redirect" },
    "no content": { method: "GET", url: "/nothing" },
    cookies: { method: "GET", url: "/cookie" },
    throw: { method: "GET", url: "/throws" },
    "not found": { method: "GET", url: "/nowhere" },
  };

test.each(["express", "express4"])(
  "%s answers as on plain Node",
  async (name) => {
    const source = expressRoutes(name);
    const bundle = await bundled(`${source}\nmodule.exports = app;`);
    const version = await executor.loaded(bundle);
    const onNode = await serveOnNode(source);
    const differences: unknown[] = [];
    for (const [what, request] of Object.entries(requests)) {
      const expected = await askNode(onNode.port, request);
      const seen = await ask(version, request);
      if (JSON.stringify(seen) !== JSON.stringify(expected))
        differences.push({ what, expected, seen });
    }
    onNode.close();
    expect(differences).toEqual([]);
  },
  30_000,
);

test("an app behind webtask's own parameters is called with Node's objects", async () => {
  const bundle = await bundled(`
    const express = require("express");
    const http = require("http");
    const app = express();
    app.get("/x", (req, res) => res.json([req instanceof http.IncomingMessage, res instanceof http.ServerResponse, req.webtaskContext.data.x, req.ip]));
    module.exports = function (ctx, req, res) { return app(req, res); };`);
  const version = await executor.loaded(bundle);
  const { body } = await ask(version, { method: "GET", url: "/x?x=1" });
  expect(JSON.parse(body)).toEqual([true, true, "1", "127.0.0.1"]);
});

test("an app by itself serves what is below the path of its extension", async () => {
  const bundle = await bundled(`
    const express = require("express");
    const app = express();
    const seen = (req, res) => res.json([req.url, req.path, req.baseUrl, req.originalUrl]);
    app.get("/", seen);
    app.use("/in", express.Router().get("/x", seen));
    module.exports = app;`);
  const version = await executor.loaded(bundle);
  const seen = async (url: string): Promise<unknown> =>
    JSON.parse((await ask(version, { method: "GET", url })).body);
  const mount = "/api/run/acme/app";
  expect(await seen("/in/x?y=1")).toEqual(["/x?y=1", "/x", "/in", "/in/x?y=1"]);
  expect(await seen(`${mount}/in/x?y=1`)).toEqual([
    "/x?y=1",
    "/x",
    `${mount}/in`,
    `${mount}/in/x?y=1`,
  ]);
  for (const [url, below] of [
    [mount, "/"],
    [`${mount}/`, "/"],
    [`${mount}?y=1`, "/?y=1"],
    ["/api/run/acme", "/"],
  ])
    expect(await seen(url ?? "")).toEqual(expect.arrayContaining([below]));
});

test("middlewares most used work: compression, cors, cookies, a log line", async () => {
  const bundle = await bundled(`
    const express = require("express");
    const app = express();
    app.use(require("morgan")(":method :url :status", { stream: { write: (line) => console.log(line.trim()) } }));
    app.use(require("compression")({ threshold: 0 }));
    app.use(require("cors")());
    app.use(require("cookie-parser")());
    app.get("/", (req, res) => res.send(req.cookies.who + "x".repeat(5000)));
    module.exports = app;`);
  const version = await executor.loaded(bundle);
  const outcome = await executor.invoke(version, {
    http: {
      method: "GET",
      path: "/",
      query: "",
      headers: [
        ["accept-encoding", "gzip"],
        ["cookie", "who=ada"],
      ],
    },
  });
  const reply = answered(outcome);
  const headers = Object.fromEntries(reply.headers);
  expect(headers["Access-Control-Allow-Origin"]).toBe("*");
  expect(headers["Content-Encoding"]).toBe("gzip");
  expect(gunzipSync(reply.body).toString()).toBe(`ada${"x".repeat(5000)}`);
  expect(outcome.lines.map(({ text }) => text)).toContain("GET / 200");
});

const others: Record<string, string> = {
  Fastify: `
    const app = require("fastify")();
    app.get("/hello/:name", async (request, reply) => { reply.code(201); return { hello: request.params.name, query: request.query }; });
    app.post("/echo", async (request) => request.body);
    module.exports = app;`,
  Koa: `
    const Koa = require("koa");
    const app = new Koa();
    app.use(async (ctx) => {
      if (ctx.method === "POST") {
        let text = "";
        for await (const piece of ctx.req) text += piece;
        ctx.body = JSON.parse(text);
        return;
      }
      ctx.status = 201;
      ctx.body = { hello: ctx.path.split("/")[2], query: ctx.query };
    });
    module.exports = app;`,
  Hono: `
    import { Hono } from "hono";
    const app = new Hono();
    app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name"), query: c.req.query() }, 201));
    app.post("/echo", async (c) => c.json(await c.req.json()));
    export default app;`,
  "Hono's adapter for Node": `
    import { Hono } from "hono";
    import { getRequestListener } from "@hono/node-server";
    const app = new Hono();
    app.get("/hello/:name", (c) => c.json({ hello: c.req.param("name"), query: c.req.query() }, 201));
    app.post("/echo", async (c) => c.json(await c.req.json()));
    const listener = getRequestListener(app.fetch);
    module.exports = (ctx, req, res) => listener(req, res);`,
  "a Server that does not listen": `
    const http = require("http");
    module.exports = http.createServer(async (req, res) => {
      if (req.method === "POST") return req.pipe(res.setHeader("Content-Type", "application/json"));
      const url = new URL(req.url, "http://h");
      res.writeHead(201, { "Content-Type": "application/json" });
      res.end(JSON.stringify({ hello: url.pathname.split("/")[2], query: Object.fromEntries(url.searchParams) }));
    });`,
};

test.each(Object.entries(others))(
  "%s serves what it would serve on Node",
  async (_name, source) => {
    const version = await executor.loaded(await bundled(source));
    const hello = await ask(version, { method: "GET", url: "/hello/ada?x=1" });
    expect(hello.status).toBe(201);
    expect(JSON.parse(hello.body)).toEqual({ hello: "ada", query: { x: "1" } });
    const body = '{"a":[1,"é"]}';
    const echo = await ask(version, { method: "POST", url: "/echo", body });
    expect(JSON.parse(echo.body)).toEqual(JSON.parse(body));
    // Once more: what the first call made is of no harm to the next.
    const again = await ask(version, { method: "GET", url: "/hello/bob" });
    expect(JSON.parse(again.body)).toEqual({ hello: "bob", query: {} });
  },
  30_000,
);

test.each(["Fastify", "Koa", "Hono", "a Server that does not listen"])(
  "%s serves what is below the path of its extension",
  async (name) => {
    const version = await executor.loaded(await bundled(others[name] ?? ""));
    const url = "/api/run/acme/app/hello/ada?x=1";
    const { body } = await ask(version, { method: "GET", url });
    expect(JSON.parse(body)).toEqual({ hello: "ada", query: { x: "1" } });
  },
);

async function ask(
  version: string,
  { method, url, body = "" }: { method: string; url: string; body?: string },
): Promise<Seen> {
  const [path = "/", query = ""] = url.split("?");
  const headers: [string, string][] = [["host", "h"]];
  const changes: InvokeChanges = {
    payload: body,
    http: { method, path, query, headers },
    ...(body === "" && { contentType: "" }),
  };
  const reply = answered(await executor.invoke(version, changes));
  const seen: Record<string, string | string[]> = {};
  if (reply.contentType !== "") seen["content-type"] = reply.contentType;
  for (const [name, value] of reply.headers) {
    const key = name.toLowerCase();
    seen[key] = key === "set-cookie" ? [seen[key] ?? [], value].flat() : value;
  }
  return {
    status: reply.httpStatus,
    headers: comparable(seen),
    body: method === "HEAD" ? "" : reply.body.toString(),
  };
}

async function serveOnNode(
  source: string,
): Promise<{ port: number; close: () => void }> {
  const require = createRequire(import.meta.url);
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- the same source, here
  const app = new Function("require", `${source}\nreturn app;`)(
    require,
  ) as RequestListener;
  const server = createServer(app);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("port");
  return { port: address.port, close: () => server.close() };
}

async function askNode(
  port: number,
  { method, url, body }: { method: string; url: string; body?: string },
): Promise<Seen> {
  const response = await fetch(`http://127.0.0.1:${port}${url}`, {
    method,
    redirect: "manual",
    ...(body !== undefined && {
      body,
      headers: { "content-type": "application/json" },
    }),
  });
  const headers: Record<string, string | string[]> = {};
  response.headers.forEach((value, name) => {
    if (name !== "set-cookie") headers[name] = value;
  });
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) headers["set-cookie"] = cookies;
  return {
    status: response.status,
    headers: comparable(headers),
    body: await response.text(),
  };
}

/** Without what is of the connection, in one order. */
function comparable(
  headers: Record<string, string | string[]>,
): Record<string, string | string[]> {
  const ofConnection = [
    "connection",
    "keep-alive",
    "date",
    "transfer-encoding",
  ];
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => !ofConnection.includes(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
