/** webtask's programming models, as their authors know them. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type InvokeChanges,
  type LoadChanges,
  type TestExecutor,
} from "../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

async function run(
  source: string,
  changes?: InvokeChanges,
  load?: LoadChanges,
): Promise<unknown> {
  const version = await executor.loaded(source, load);
  return answeredJson(await executor.invoke(version, changes));
}

const echo = "module.exports = function (ctx, cb) { cb(null, ctx); };";

test("a function of one parameter gets the callback", async () => {
  const source =
    "module.exports = function (cb) { cb(null, { hello: 'world' }); };";
  expect(await run(source)).toEqual({ hello: "world" });
});

test("a function of two parameters gets context and callback", async () => {
  const source =
    "module.exports = function (ctx, cb) { cb(null, ctx.body.n + 1); };";
  expect(await run(source, { payload: '{"n":41}' })).toBe(42);
});

test("an async function's resolved value is the result", async () => {
  const source = `module.exports = async function (ctx) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return { name: ctx.body.name };
  };`;
  expect(await run(source, { payload: '{"name":"ada"}' })).toEqual({
    name: "ada",
  });
});

test("an async function without parameters needs no context", async () => {
  expect(await run("module.exports = async () => [1, 2];")).toEqual([1, 2]);
});

test("an ES module's default export is the extension", async () => {
  const source = `Object.defineProperty(exports, "__esModule", { value: true });
    exports.default = async (ctx) => ctx.id;`;
  const invocationId = "call-1";
  expect(await run(source, { invocationId })).toBe("call-1");
});

test("a function the top level returns is the extension", async () => {
  expect(await run("return function (cb) { cb(null, 'old style'); };")).toBe(
    "old style",
  );
});

test("code runs in sloppy mode, as webtasks did", async () => {
  expect(
    await run(
      "module.exports = (cb) => { undeclared = 1; cb(null, undeclared); };",
    ),
  ).toBe(1);
});

test.each(["null", "undefined", "0", "''", "false", "NaN"])(
  "%s as a result is sent as an empty object",
  async (value) => {
    expect(await run(`module.exports = (cb) => cb(null, ${value});`)).toEqual(
      {},
    );
  },
);

test("an async (ctx, cb) function answers by its callback alone", async () => {
  const source = `module.exports = async function (ctx, cb) {
    setTimeout(() => cb(null, 'from the callback'), 5);
    return 'from the promise';
  };`;
  expect(await run(source)).toBe("from the callback");
});

test("the context has what webtask's had", async () => {
  const context = await run(
    echo,
    {
      invocationId: "call-2",
      payload: '{"a":"body","b":"body","c":"body","s":"body"}',
      http: {
        method: "PUT",
        path: "/x",
        query: "a=1&list=1&list=2&key=secret&webtask_pb=1&plus=a+b%21",
        headers: [
          ["X-One", "1"],
          ["x-one", "2"],
          ["Content-Type", "application/json"],
        ],
      },
    },
    { secrets: { s: "secret", a: "secret" }, meta: { m: "meta" } },
  );
  expect(context).toEqual({
    id: "call-2",
    query: { a: "1", list: ["1", "2"], plus: "a b!" },
    params: {},
    headers: { "x-one": "1, 2", "content-type": "application/json" },
    secrets: { s: "secret", a: "secret" },
    meta: { m: "meta" },
    data: {
      a: "secret",
      list: ["1", "2"],
      plus: "a b!",
      s: "secret",
      b: "body",
      c: "body",
    },
    body: { a: "body", b: "body", c: "body", s: "body" },
    body_raw: '{"a":"body","b":"body","c":"body","s":"body"}',
  });
});

test("a form is parsed like a query", async () => {
  const context = await run(
    "module.exports = (ctx, cb) => cb(null, [ctx.body, ctx.data, ctx.body_raw]);",
    {
      contentType: "application/x-www-form-urlencoded; charset=utf-8",
      payload: "a=1&b=two+words&b=%C3%A9",
    },
  );
  const form = { a: "1", b: ["two words", "é"] };
  expect(context).toEqual([form, form, "a=1&b=two+words&b=%C3%A9"]);
});

test("a body of another type is a Buffer of its bytes", async () => {
  const source = `module.exports = (ctx, cb) =>
    cb(null, [Buffer.isBuffer(ctx.body), ctx.body.toString("hex"), ctx.body_raw]);`;
  const payload = Buffer.from("é\xff", "latin1");
  const contentType = "application/octet-stream";
  expect(await run(source, { payload, contentType })).toEqual([
    true,
    "e9ff",
    "\ufffd\ufffd",
  ]);
});

test("a body that is not the JSON it claims to be is not parsed", async () => {
  const source =
    "module.exports = (ctx, cb) => cb(null, [typeof ctx.body, ctx.body_raw]);";
  expect(await run(source, { payload: "{nonsense" })).toEqual([
    "undefined",
    "{nonsense",
  ]);
});

test("every call has a context of its own", async () => {
  const version = await executor.loaded(
    `module.exports = (ctx, cb) => {
      const seen = [ctx.secrets.added, ctx.meta.added, ctx.query.added];
      ctx.secrets.added = ctx.meta.added = ctx.query.added = "left over";
      cb(null, seen);
    };`,
    { secrets: { a: "1" } },
  );
  const untouched = [null, null, null];
  expect(answeredJson(await executor.invoke(version))).toEqual(untouched);
  expect(answeredJson(await executor.invoke(version))).toEqual(untouched);
});

test("new secrets and meta reach the next call", async () => {
  const version = await executor.loaded(
    "module.exports = (ctx, cb) => cb(null, [ctx.secrets, ctx.meta]);",
    { secrets: { a: "old" } },
  );
  const secrets = { a: "new" };
  executor.send({ type: "update", version, secrets, meta: { m: "1" } });
  expect(answeredJson(await executor.invoke(version))).toEqual([
    { a: "new" },
    { m: "1" },
  ]);
});

test("globals of a version last from call to call", async () => {
  const version = await executor.loaded(
    "let n = 0; module.exports = (cb) => cb(null, ++n);",
  );
  await executor.invoke(version);
  expect(answeredJson(await executor.invoke(version))).toBe(2);
});

test("versions do not share globals", async () => {
  const first = await executor.loaded(
    "global.shared = 1; module.exports = (cb) => cb(null, typeof shared);",
  );
  const second = await executor.loaded(
    "module.exports = (cb) => cb(null, typeof shared);",
  );
  expect(answeredJson(await executor.invoke(first))).toBe("number");
  expect(answeredJson(await executor.invoke(second))).toBe("undefined");
});

test("require gives the modules there are, with and without node:", async () => {
  const source = `const names = ["buffer", "events", "stream", "url", "querystring", "string_decoder", "timers"];
    module.exports = (cb) => cb(null, names.map((name) =>
      require(name) === require("node:" + name) || Object.keys(require(name)).length > 0));`;
  expect(await run(source)).toEqual(Array.from({ length: 7 }, () => true));
});
