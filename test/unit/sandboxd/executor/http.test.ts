/** `(ctx, req, res)`: the HTTP exchange itself, byte for byte. */
import { createHash, randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answered,
  startExecutor,
  type TestExecutor,
} from "../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

const echo = `module.exports = function (ctx, req, res) {
  const chunks = [];
  req.on("data", (chunk) => chunks.push(chunk));
  req.on("end", () => res.end(Buffer.concat(chunks)));
};`;

test.each([0, 1, 256, 70_000, 3_000_000])(
  "%i bytes of every value go in and out unchanged",
  async (size) => {
    const payload = Buffer.concat([
      Buffer.from(Array.from({ length: Math.min(size, 256) }, (_, i) => i)),
      randomBytes(Math.max(0, size - 256)),
    ]);
    const version = await executor.loaded(echo);
    const { body } = answered(await executor.invoke(version, { payload }));
    expect(body.length).toBe(size);
    expect(digest(body)).toBe(digest(payload));
  },
);

test("status, headers and repeated Set-Cookie are the extension's", async () => {
  const version = await executor.loaded(`module.exports = (ctx, req, res) => {
    res.setHeader("Set-Cookie", ["a=1", "b=2"]);
    res.setHeader("X-Gone", "1");
    res.removeHeader("x-gone");
    res.writeHead(418, "teapot", { "Content-Type": "text/plain; charset=utf-8", "X-Number": 7 });
    res.write("caf");
    res.end("\\u00e9");
  };`);
  const reply = answered(await executor.invoke(version));
  expect(reply.httpStatus).toBe(418);
  expect(reply.contentType).toBe("text/plain; charset=utf-8");
  expect(reply.headers).toEqual([
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
    ["X-Number", "7"],
  ]);
  expect(reply.body.toString()).toBe("café");
});

test("the request has its method, URL and headers", async () => {
  const version = await executor.loaded(`module.exports = (ctx, req, res) =>
    res.end(JSON.stringify([req.method, req.url, req.headers, req.rawHeaders, req.httpVersion]));`);
  const reply = answered(
    await executor.invoke(version, {
      contentType: "",
      http: {
        method: "PATCH",
        path: "/api/run/acme/x/deeper",
        query: "a=1&key=secret&b=%20",
        headers: [
          ["X-Twice", "1"],
          ["x-twice", "2"],
        ],
      },
    }),
  );
  expect(JSON.parse(reply.body.toString())).toEqual([
    "PATCH",
    "/api/run/acme/x/deeper?a=1&b=%20",
    { "x-twice": "1, 2" },
    ["X-Twice", "1", "x-twice", "2"],
    "1.1",
  ]);
});

test("without an HTTP request it sees POST / and the payload", async () => {
  const version = await executor.loaded(`module.exports = (ctx, req, res) => {
    let text = req.method + " " + req.url + " ";
    req.setEncoding("utf8");
    req.on("data", (part) => { text += part; });
    req.on("end", () => res.end(text));
  };`);
  const { body } = answered(await executor.invoke(version, { payload: "é" }));
  expect(body.toString()).toBe("POST / é");
});

test("headers that would break the response are refused where they are set", async () => {
  const version = await executor.loaded(`module.exports = (ctx, req, res) => {
    const refused = (work) => { try { work(); return "kept"; } catch (e) { return e.name + " " + e.code; } };
    res.end(JSON.stringify([
      refused(() => res.setHeader("x", "a\\r\\nset-cookie: b")),
      refused(() => res.setHeader("a\\nb", "1")),
      refused(() => res.setHeader("", "1")),
      refused(() => res.writeHead(200, { x: "\\u0000" })),
      refused(() => res.setHeader("fine", "caf\\u00e9")),
    ]));
  };`);
  const { body } = answered(await executor.invoke(version));
  const bad = "TypeError ERR_INVALID_CHAR";
  const badName = "TypeError ERR_INVALID_HTTP_TOKEN";
  expect(JSON.parse(body.toString())).toEqual([
    bad,
    badName,
    badName,
    bad,
    "kept",
  ]);
});

test("headers cannot be set after they were sent", async () => {
  const version = await executor.loaded(`module.exports = (ctx, req, res) => {
    res.writeHead(200);
    try { res.setHeader("x", "1"); } catch (e) { res.end(e.code); }
  };`);
  const { body } = answered(await executor.invoke(version));
  expect(body.toString()).toBe("ERR_HTTP_HEADERS_SENT");
});

test("a request may be piped into its response", async () => {
  const version = await executor.loaded(
    "module.exports = (ctx, req, res) => { req.pipe(res); };",
  );
  const payload = randomBytes(100_000);
  const { body } = answered(await executor.invoke(version, { payload }));
  expect(body.equals(payload)).toBe(true);
});

test("a response longer than it may be fails the call", async () => {
  await using small = await startExecutor({ maxResultBytes: 1000 });
  const version = await small.loaded(
    `module.exports = (ctx, req, res) => {
      for (let i = 0; i < 3; i++) res.write(Buffer.alloc(400));
      res.end();
    };`,
  );
  expect(await small.invoke(version)).toMatchObject({
    type: "failed",
    failure: {
      reason: "result_size",
      limit: { name: "result_bytes", value: 1000, observed: 1200 },
    },
  });
});

function digest(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
