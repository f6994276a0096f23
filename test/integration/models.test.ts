/** However an extension is written, it answers the same over the socket and over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import { send } from "../support/http.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

const echoData = "cb(null, { got: ctx.data.name });";

/** Ways to write "answer { got: <name of the payload> }". */
const ways: [name: string, files: Record<string, string>][] = [
  [
    "context-callback",
    { "index.js": `module.exports = function (ctx, cb) { ${echoData} };` },
  ],
  ["returned", { "index.js": `return function (ctx, cb) { ${echoData} };` }],
  [
    "request-response",
    {
      "index.js": `module.exports = (ctx, req, res) => {
        const chunks = [];
        req.on("data", (chunk) => chunks.push(chunk));
        req.on("end", () => {
          const { name } = JSON.parse(Buffer.concat(chunks).toString());
          res.writeHead(200, { "content-type": "application/json" });
          res.end(JSON.stringify({ got: name }));
        });
      };`,
    },
  ],
  [
    "default-async",
    {
      "index.mjs":
        "export default async function (ctx) { await null; return { got: ctx.data.name }; }",
    },
  ],
  [
    "default-callback",
    { "index.mjs": `export default function (ctx, cb) { ${echoData} }` },
  ],
  [
    "default-request",
    {
      "index.mjs": `export default function (ctx, req, res) {
        req.on("data", (chunk) => {
          res.setHeader("content-type", "application/json");
          res.end(JSON.stringify({ got: JSON.parse(String(chunk)).name }));
        });
      }`,
    },
  ],
  [
    "typescript",
    {
      "index.ts": `interface Context { data: { name: string } }
        type Callback = (error: Error | null, value?: { got: string }) => void;
        module.exports = (ctx: Context, cb: Callback): void =>
          cb(null, { got: ctx.data.name satisfies string });`,
    },
  ],
  [
    "typescript-default",
    {
      "index.ts": `import { gotOf } from "./got.ts";
        export default async (ctx: { data: { name: string } }) => gotOf(ctx.data.name);`,
      "got.ts": "export const gotOf = (got: string) => ({ got });",
    },
  ],
  [
    "own-modules",
    {
      "package.json": '{ "main": "lib/main.js" }',
      "lib/main.js": `const greet = require("greet");
        module.exports = (ctx, cb) => cb(null, greet(ctx.data.name));`,
      "node_modules/greet/package.json": '{ "main": "./source/greet.js" }',
      "node_modules/greet/source/greet.js":
        "module.exports = (got) => ({ [require('./key.json').key]: got });",
      "node_modules/greet/source/key.json": '{ "key": "got" }',
    },
  ],
];

let annex: TestAnnex;
let client: Client;
let token: string;

beforeAll(async () => {
  annex = await openAnnex();
  client = annex.client();
  await annex.createContainer("acme");
  token = await annex.tokenFor("acme");
});

afterAll(() => closeAnnex(annex));

function overHttp(extension: string, payload: unknown) {
  return send(`${annex.gateway}/api/run/acme/${extension}`, {
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(payload),
  });
}

async function answerOf(extension: string, source: string, payload?: unknown) {
  await annex.publish("acme", extension, source);
  return client.invoke({ container: "acme", extension, payload });
}

describe.each(ways)("%s", (extension, files) => {
  test("answers over the socket and over HTTP", async () => {
    const { rollout } = await annex.publish("acme", extension, files);
    expect(rollout).toMatchObject({ compiled: 1, refused: [] });
    const payload = { name: "wörld ✓" };
    expect(
      await client.invoke({ container: "acme", extension, payload }),
    ).toMatchObject({
      kind: "result",
      payload: { got: "wörld ✓" },
      version: 1,
      httpStatus: 200,
    });
    const reply = await overHttp(extension, payload);
    expect(reply.json()).toEqual({ got: "wörld ✓" });
    expect(reply).toMatchObject({
      status: 200,
      headers: {
        "content-type": "application/json",
        "x-wt-response-source": "webtask",
      },
    });
  });
});

test("a function of a callback alone answers over the socket and over HTTP", async () => {
  const source = "module.exports = function (cb) { cb(null, 'hello'); };";
  expect(await answerOf("callback", source)).toMatchObject({
    kind: "result",
    payload: "hello",
    contentType: "application/json",
  });
  const reply = await overHttp("callback", {});
  expect([reply.status, reply.json()]).toEqual([200, "hello"]);
});

test("ctx holds the request, the secrets and the meta, and none of our token", async () => {
  await annex.publish(
    "acme",
    "ctx",
    `module.exports = (ctx, cb) => cb(null, { ...ctx, ids: typeof ctx.id });`,
    { secrets: { API_KEY: "s3cret" }, meta: { plan: "gold" } },
  );
  const url = `${annex.gateway}/api/run/acme/ctx/deeper?a=1&b=2&b=3&key=${token}&API_KEY=evil`;
  const body = '{ "name": "jo", "a": "body", "API_KEY": "evil" }';
  const reply = await send(url, {
    headers: { "content-type": "application/json", "x-mine": ["1", "2"] },
    body,
  });
  const query = { a: "1", b: ["2", "3"], API_KEY: "evil" };
  expect(reply.json()).toMatchObject({
    ids: "string",
    id: reply.headers["x-annex-invocation-id"],
    query,
    params: {},
    headers: { "content-type": "application/json", "x-mine": "1, 2" },
    body: { name: "jo", a: "body", API_KEY: "evil" },
    body_raw: body,
    // A caller cannot put itself in a secret's place.
    data: { a: "1", b: ["2", "3"], name: "jo", API_KEY: "s3cret" },
    secrets: { API_KEY: "s3cret" },
    meta: { plan: "gold" },
  });
  expect(reply.body.toString()).not.toContain(token);
});

test("the client's http fields are what the code sees", async () => {
  await annex.publish(
    "acme",
    "http-fields",
    `module.exports = (ctx, req, res) => {
      res.statusCode = 201;
      res.setHeader("x-seen", [req.method, req.url, req.headers["x-a"]].join(" "));
      res.end("made");
    };`,
  );
  const call = { container: "acme", extension: "http-fields" };
  const http = {
    method: "PUT",
    path: "/users/7",
    query: "full=1",
    headers: { "x-a": ["1", "2"] },
  };
  expect(await client.invoke({ ...call, http })).toMatchObject({
    httpStatus: 201,
    headers: [{ name: "x-seen", value: "PUT /users/7?full=1 1, 2" }],
    bytes: Buffer.from("made"),
  });
  expect(await client.invoke(call)).toMatchObject({
    headers: [{ name: "x-seen", value: "POST / " }],
  });
});

test("bytes are bytes, in and out, over the socket", async () => {
  await annex.publish(
    "acme",
    "bytes",
    `module.exports = (ctx, req, res) => {
      res.setHeader("content-type", req.headers["content-type"]);
      req.pipe(res);
    };`,
  );
  const payload = everyByte(70_000);
  const outcome = await client.invoke({
    container: "acme",
    extension: "bytes",
    payload,
    contentType: "application/x-thing",
  });
  expect(outcome).toMatchObject({ contentType: "application/x-thing" });
  expect(outcome.kind === "result" && payload.equals(outcome.bytes)).toBe(true);
});

test("the promised globals work", async () => {
  const source = `module.exports = async (ctx, cb) => {
    console.log("noted");
    const controller = new AbortController();
    controller.abort();
    const order = [];
    await new Promise((resolve) => {
      setTimeout(() => { order.push("timeout"); resolve(); }, 1);
      setImmediate(() => order.push("immediate"));
      queueMicrotask(() => order.push("microtask"));
      const stopped = setInterval(() => order.push("interval"), 0);
      clearInterval(stopped);
    });
    cb(null, {
      url: new URL("../b?x=1#y", "https://example.com/a/c").href,
      query: new URLSearchParams("a=1&a=2").getAll("a"),
      text: new TextDecoder().decode(new TextEncoder().encode("grüße")),
      buffer: Buffer.from("hello").toString("base64"),
      aborted: controller.signal.aborted,
      clone: structuredClone({ when: new Date(0), set: new Set([1]) }).when.getTime(),
      base64: [btoa("hi"), atob("aGk=")],
      order,
    });
  };`;
  expect(await answerOf("globals", source)).toMatchObject({
    kind: "result",
    payload: {
      url: "https://example.com/b?x=1#y",
      query: ["1", "2"],
      text: "grüße",
      buffer: "aGVsbG8=",
      aborted: true,
      clone: 0,
      base64: ["aGk=", "hi"],
      order: ["microtask", "immediate", "timeout"],
    },
  });
});

function everyByte(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, index) => index % 256));
}
