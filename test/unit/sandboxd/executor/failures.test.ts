/** Every way a guest's code can fail, and what its caller is told. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

async function failure(source: string): Promise<unknown> {
  const outcome = await executor.invoke(await executor.loaded(source));
  if (outcome.type !== "failed") throw new Error(JSON.stringify(outcome));
  return outcome.failure;
}

test("a throw is told with its message and place", async () => {
  expect(
    await failure(`module.exports = function (ctx, cb) {
      throw new TypeError("no such user");
    };`),
  ).toEqual({
    reason: "threw",
    message: "TypeError: no such user",
    stack: "at module.exports (webtask.js:2:13)",
  });
});

test("a rejection is told with its message and place", async () => {
  expect(
    await failure(`module.exports = async function (ctx) {
      await null;
      throw new Error("no");
    };`),
  ).toEqual({
    reason: "rejected",
    message: "no",
    stack: "at module.exports (webtask.js:3:13)",
  });
});

test("the promise of a callback function that rejects fails the call", async () => {
  expect(
    await failure(
      "module.exports = async function (ctx, cb) { throw new Error('no'); };",
    ),
  ).toMatchObject({ reason: "rejected", message: "no" });
});

test("a throw in a timer fails the call that set it", async () => {
  expect(
    await failure(
      "module.exports = (cb) => { setTimeout(() => { throw new Error('late'); }, 1); };",
    ),
  ).toMatchObject({ reason: "threw", message: "late" });
});

test("a throw in a microtask fails the call that queued it", async () => {
  expect(
    await failure(
      "module.exports = (cb) => { queueMicrotask(() => { throw new Error('soon'); }); };",
    ),
  ).toMatchObject({ reason: "threw", message: "soon" });
});

test.each([
  ["'plain text'", { message: "plain text" }],
  ["new Error('denied')", { message: "denied" }],
  ["new RangeError('far')", { message: "far" }],
  ["{ message: 'an object' }", { message: "an object" }],
  ["{ code: 7 }", { message: '{"code":7}' }],
  [
    "Object.assign(new Error('gone'), { statusCode: 410 })",
    { message: "gone", httpStatus: 410 },
  ],
  [
    "{ statusCode: 404, message: 'none' }",
    { message: "none", httpStatus: 404 },
  ],
])("cb(%s) tells the error", async (error, expected) => {
  const told = await failure(`module.exports = (cb) => cb(${error});`);
  expect(told).toMatchObject({ reason: "callback_error", ...expected });
});

test.each(["99", "600", "'404'", "404.5", "NaN"])(
  "a statusCode of %s is no status",
  async (statusCode) => {
    const told = await failure(
      `module.exports = (cb) => cb({ message: "m", statusCode: ${statusCode} });`,
    );
    expect(told).toEqual({ reason: "callback_error", message: "m" });
  },
);

test.each([
  ["null", "null"],
  ["undefined", "undefined"],
  ["Symbol('s')", "Symbol(s)"],
  ["42n", "42"],
  ["Object.freeze(new Error('frozen'))", "frozen"],
  ["function named() {}", "function named() {}"],
  [
    "new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } })",
    "the thrown value cannot be read",
  ],
  ["Object.create(null)", "{}"],
])("throwing %s is told as text", async (thrown, message) => {
  expect(
    await failure(`module.exports = (cb) => { throw ${thrown}; };`),
  ).toMatchObject({ reason: "threw", message });
});

test("a message of a megabyte is cut", async () => {
  const told = await failure(
    "module.exports = (cb) => { throw new Error('x'.repeat(1e6)); };",
  );
  expect(JSON.stringify(told).length).toBeLessThan(10_000);
  expect(told).toMatchObject({ stack: expect.stringContaining("webtask.js") });
});

test("a result without JSON form is refused with the reason", async () => {
  const results: [string, RegExp][] = [
    ["function () {}", /a function has no JSON form/],
    ["Symbol()", /a symbol has no JSON form/],
    ["10n", /BigInt/],
    ["(() => { const a = {}; a.a = a; return a; })()", /circular/],
    ["{ toJSON() { throw new Error('not me') } }", /not me/],
    ["{ get a() { throw new Error('nor me') } }", /nor me/],
  ];
  for (const [result, message] of results) {
    const told = await failure(`module.exports = (cb) => cb(null, ${result});`);
    expect(told).toMatchObject({
      reason: "invalid_result",
      message: expect.stringMatching(message),
    });
  }
});

test("a result longer than it may be fails the call", async () => {
  await using small = await startExecutor({ maxResultBytes: 100 });
  const over = await small.loaded(
    "module.exports = (cb) => cb(null, 'x'.repeat(99));",
  );
  const bytes = await small.loaded(
    "module.exports = (cb) => cb(null, '\\u00e9'.repeat(60));",
  );
  const fits = await small.loaded(
    "module.exports = (cb) => cb(null, 'x'.repeat(98));",
  );
  const limit = { name: "result_bytes", value: 100 };
  expect(await small.invoke(over)).toMatchObject({
    failure: { reason: "result_size", limit: { ...limit, observed: 101 } },
  });
  expect(await small.invoke(bytes)).toMatchObject({
    failure: { reason: "result_size", limit: { ...limit, observed: 122 } },
  });
  expect(answeredJson(await small.invoke(fits))).toBe("x".repeat(98));
});

test("a second callback is a line in the log", async () => {
  const version = await executor.loaded(
    "module.exports = (cb) => { cb(null, 1); cb(new Error('again')); };",
  );
  const outcome = await executor.invoke(version);
  expect(answeredJson(outcome)).toBe(1);
  expect(outcome.lines).toMatchObject([
    { level: "warn", text: expect.stringContaining("callback called again") },
  ]);
});

test("a rejection nobody handles is a line in the log", async () => {
  const version = await executor.loaded(
    `module.exports = (cb) => {
      Promise.reject(new Error("forgotten"));
      setTimeout(() => cb(null, "well"), 5);
    };`,
  );
  const outcome = await executor.invoke(version);
  expect(answeredJson(outcome)).toBe("well");
  expect(outcome.lines).toMatchObject([
    {
      level: "error",
      text: "Unhandled rejection: forgotten\n    at module.exports (webtask.js:2:22)",
    },
  ]);
});

test("the line of a rejection with an object that is no error says so, and nothing of what holds the guest", async () => {
  const version = await executor.loaded(
    `module.exports = (cb) => {
      Promise.reject({ status: 404 });
      setTimeout(() => cb(null, "well"), 5);
    };`,
  );
  const { lines } = await executor.invoke(version);
  expect(lines.map(({ text }) => text)).toEqual([
    "Unhandled rejection: an object that is no Error",
  ]);
});

test("code that runs while a rejection is told takes no answer away, and its own rejection is told", async () => {
  const version = await executor.loaded(`module.exports = (cb) => {
      cb(null, 1);
      Promise.reject({
        get message() {
          Promise.reject("put off");
          return "read from outside";
        },
      });
    };`);
  const outcome = await executor.invoke(version);
  expect(answeredJson(outcome)).toBe(1);
  expect(outcome.lines.map(({ text }) => text)).toEqual([
    "Unhandled rejection: read from outside",
    "Unhandled rejection: put off",
  ]);
});

test("a module that is not there fails the load, or throws where it is asked for", async () => {
  const { failure: atLoad } = await executor.load("\nrequire('nope');");
  expect(atLoad).toMatchObject({
    reason: "module_not_found",
    message: "Cannot find module 'nope'",
    file: "webtask.js",
    line: 2,
    column: 1,
  });
  const version = await executor.loaded(`module.exports = (cb) => {
    try { require("node:nope"); } catch (e) { cb(null, [e.code, e.message]); }
  };`);
  expect(answeredJson(await executor.invoke(version))).toEqual([
    "MODULE_NOT_FOUND",
    "Cannot find module 'node:nope'",
  ]);
});

test("a syntax error has its place", async () => {
  const { failure: told } = await executor.load("let a;\nlet  a;");
  expect(told).toEqual({
    reason: "syntax",
    message: "Identifier 'a' has already been declared",
    file: "webtask.js",
    line: 2,
    column: 6,
  });
});

test.each([
  ["name", `let ${"a".repeat(1_200_000)}; let ${"a".repeat(1_200_000)};`],
  ["pattern", `/${"(".repeat(1_200_000)}/`],
])("a syntax error does not repeat a long %s whole", async (_, source) => {
  const { failure: told } = await executor.load(source);
  expect(told?.reason).toBe("syntax");
  expect(told?.message.length).toBeLessThanOrEqual(8192);
});

test("a stack that the program reads has the source's places, and no frame of the runtime", async () => {
  // The bundle's first line is the tenth of the source.
  const sourceMap = { version: 3, names: [], sources: ["lib/greet.ts"] };
  const mapped = { ...sourceMap, mappings: "AASA" };
  const source =
    "module.exports = (cb) => cb(null, [new Error('read').stack]);";
  const version = await executor.loaded(source, {
    sourceMap: JSON.stringify(mapped),
  });
  expect(answeredJson(await executor.invoke(version))).toEqual([
    "Error: read\n    at module.exports (/lib/greet.ts:10:1)",
  ]);
  const bare = await executor.loaded(source);
  const [stack] = Array.of(answeredJson(await executor.invoke(bare))).flat();
  expect(stack).toMatch(/^Error: read\n {4}at \S+ \(\S+:1:\d+\)$/);
});

test("a stack does not repeat a long name of a source map whole", async () => {
  const sources = ["s".repeat(2_000_000)];
  const sourceMap = { version: 3, sources, names: [], mappings: "AAAA" };
  const version = await executor.loaded(
    "module.exports = (cb) => { throw new Error('mapped'); };",
    { sourceMap: JSON.stringify(sourceMap) },
  );
  const outcome = await executor.invoke(version);
  expect(outcome).toMatchObject({
    failure: { stack: expect.stringMatching(/^at module\.exports \(s{1000}:/) },
  });
});

test("what a proxy says of its length is not repeated", async () => {
  const { failure: told } = await executor.load(
    "module.exports = new Proxy(() => {}, { get: () => 'x'.repeat(2e6) });",
  );
  expect(told).toMatchObject({
    reason: "invalid_export",
    message: "export a function of one to three parameters; found one of NaN",
  });
});

test("a syntax error in the first line has its column", async () => {
  const { failure: told } = await executor.load("a b");
  expect(told).toMatchObject({ line: 1, column: 3 });
});

test.each([
  ["", "an object"],
  ["module.exports = 5;", "a number"],
  ["module.exports = null;", "null"],
  ["module.exports = undefined;", "nothing"],
  ["module.exports = () => {};", "one of 0"],
  ["module.exports = (a, b, c, d) => {};", "one of 4"],
  ["exports.__esModule = true; exports.default = 'x';", "a string"],
])("%j exports nothing that can be called", async (source, found) => {
  const { failure: told } = await executor.load(source);
  expect(told).toMatchObject({
    reason: "invalid_export",
    message: expect.stringContaining(`found ${found}`),
  });
});

test("a top level that throws is refused with its place", async () => {
  const { failure: told } = await executor.load(
    "module.exports = (cb) => cb();\n\n  throw new Error('at once');",
  );
  expect(told).toMatchObject({
    reason: "threw",
    message: "at once",
    file: "webtask.js",
    line: 3,
    column: 9,
  });
});

test("places are those of the source where there is a map", async () => {
  const { build } = await import("esbuild");
  const { outputFiles } = await build({
    stdin: {
      contents: `
        interface User { name: string }
        export default async function (ctx: { body: User }) {
          throw new Error("mapped");
        }`,
      loader: "ts",
      sourcefile: "src/extension.ts",
    },
    bundle: true,
    format: "cjs",
    minify: true,
    sourcemap: "external",
    outfile: "webtask.js",
    write: false,
  });
  const [map, code] = outputFiles;
  const version = await executor.loaded(code?.text ?? "", {
    sourceMap: map?.text ?? "",
  });
  const outcome = await executor.invoke(version);
  expect(outcome).toMatchObject({
    failure: {
      reason: "rejected",
      stack: expect.stringMatching(/src\/extension\.ts:4:17/),
    },
  });
});

test("no failure speaks of the host", async () => {
  const sources = [
    "module.exports = (cb) => { throw new Error('x'); };",
    "module.exports = (cb) => setTimeout(5);",
    "module.exports = (ctx, req, res) => res.setHeader('\\n', 1);",
    "module.exports = (cb) => new URL('nonsense');",
  ];
  for (const source of sources)
    expect(JSON.stringify(await failure(source))).not.toMatch(
      /annex|node_modules|\/work|executor|isolated/i,
    );
});
