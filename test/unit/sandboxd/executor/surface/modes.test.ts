/** What the build makes of a source and the runtime of that: top-level await, lowered async functions, sloppy and strict. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../../../../controlplane/build/build.ts";
import {
  answeredJson,
  startExecutor,
  type LoadChanges,
  type TestExecutor,
} from "../../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(async () => {
  await executor[Symbol.asyncDispose]();
});

/** Builds one file and loads it. */
async function load(path: string, text: string, changes: LoadChanges = {}) {
  const files = [{ path, content: Buffer.from(text) }];
  const { content } = await build({ files, entry: path });
  const version = `${expect.getState().currentTestName}`;
  const { failure } = await executor.load(Buffer.from(content).toString(), {
    version,
    ...changes,
  });
  return { version, failure };
}

async function answerOf(path: string, text: string): Promise<unknown> {
  const { version, failure } = await load(path, text);
  if (failure) throw new Error(failure.message);
  return answeredJson(await executor.invoke(version));
}

test("a top level that awaits is waited for", async () => {
  const answer = await answerOf(
    "index.mjs",
    "const x = await Promise.resolve(5); export default async () => ({ x });",
  );
  expect(answer).toEqual({ x: 5 });
});

test("a top level that awaits what never comes is refused, and says why", async () => {
  const { failure } = await load(
    "index.mjs",
    "await new Promise(() => {}); export default async () => 1;",
  );
  expect(failure).toMatchObject({
    reason: "invalid_export",
    message: expect.stringContaining("the top level awaits"),
  });
});

test("a top level may await timers, and what comes of them", async () => {
  const answer = await answerOf(
    "index.mjs",
    `import { setTimeout as wait } from "node:timers/promises";
    import { readFile, writeFile } from "node:fs/promises";
    const waited = await wait(5, "waited");
    await writeFile("/tmp/top", waited);
    const read = await readFile("/tmp/top", "utf8");
    await new Promise((resolve) => setImmediate(resolve));
    for await (const _ of (async function* () { yield wait(1); })());
    export default async () => [waited, read];`,
  );
  expect(answer).toEqual(["waited", "waited"]);
});

test("a top level that awaits for too long is refused with its limit, while others are served", async () => {
  const served = await executor.loaded("module.exports = (cb) => cb(null, 1);");
  const awaiting = load(
    "index.mjs",
    "await new Promise((resolve) => setTimeout(resolve, 60_000)); export default async () => 1;",
    { timeoutMs: 300 },
  );
  expect(answeredJson(await executor.invoke(served))).toBe(1);
  expect(await awaiting).toMatchObject({
    failure: {
      reason: "wall_time",
      message: "the top level awaits what did not come within 300 ms",
      limit: { name: "load_ms", value: 300 },
    },
  });
});

test("a timer that throws while the top level awaits fails it with its place", async () => {
  const { failure } = await load(
    "index.mjs",
    `setTimeout(() => { throw new Error("in a timer"); }, 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    export default async () => 1;`,
  );
  expect(failure).toMatchObject({ reason: "threw", message: "in a timer" });
});

test("a top level that asks the world is told that it belongs to no invocation", async () => {
  const { failure } = await load(
    "index.mjs",
    `await fetch("http://origin.test/"); export default async () => 1;`,
  );
  expect(failure).toMatchObject({
    reason: "threw",
    message: expect.stringContaining(
      "fetch works in an invocation only: the top level of a module belongs to none",
    ),
  });
});

test("a top level that throws after its await fails with its place", async () => {
  const { failure } = await load(
    "index.mjs",
    'await null;\nthrow new Error("late"); export default async () => 1;',
  );
  expect(failure).toMatchObject({ reason: "threw", message: "late" });
});

test("AsyncLocalStorage survives native awaits, and the function is still called as an async one", async () => {
  const answer = await answerOf(
    "index.mjs",
    `import { AsyncLocalStorage } from "node:async_hooks";
    const storage = new AsyncLocalStorage();
    const later = async () => {
      await null;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return storage.getStore();
    };
    export default async function (ctx) {
      const both = await Promise.all([storage.run("a", later), storage.run("b", later)]);
      return [...both, typeof ctx.id, storage.getStore() === undefined];
    }`,
  );
  expect(answer).toEqual(["a", "b", "string", true]);
});

test("AsyncLocalStorage survives however it was asked for", async () => {
  const answer = await answerOf(
    "index.cjs",
    `const { AsyncLocalStorage } = process.getBuiltinModule("node:async_hooks");
    const storage = new AsyncLocalStorage();
    module.exports = async () => storage.run("a", async () => {
      await null;
      return storage.getStore();
    });`,
  );
  expect(answer).toBe("a");
});

test("CommonJS is sloppy, ES modules are strict", async () => {
  expect(
    await answerOf(
      "index.cjs",
      "undeclared = 5; module.exports = (cb) => cb(null, undeclared);",
    ),
  ).toBe(5);
  const { failure } = await load(
    "index.mjs",
    "undeclared = 5; export default (cb) => cb(null, undeclared);",
  );
  expect(failure).toMatchObject({
    reason: "threw",
    message: expect.stringContaining("undeclared is not defined"),
  });
});

test("a listener hears of all promises that were rejected and nobody handles, native ones too", async () => {
  const answer = await answerOf(
    "index.js",
    `const heard = [];
    process.on("unhandledRejection", ({ message }) => heard.push(message));
    const lose = async (what) => { await 1; throw new Error(what); };
    module.exports = async () => {
      (async () => { throw new Error("one"); })(); (async () => { throw new Error("two"); })();
      lose("three"); lose("four");
      lose("handled").catch(() => {});
      await new Promise((resolve) => { setTimeout(resolve, 1); });
      return heard;
    };`,
  );
  expect(answer).toEqual(["one", "two", "three", "four"]);
});

test("what an asynchronous function is can be learned where they are lowered", async () => {
  const answer = await answerOf(
    "index.js",
    `require("async_hooks");
    const prototypes = [async function* () {}.prototype, Object.getPrototypeOf(async function* () {}).prototype];
    const AsyncFunction = (async () => {}).constructor, Named = async function named() {};
    function is(value) { return [value instanceof AsyncFunction, value.name, typeof value()]; }
    module.exports = async () => [
      prototypes.map((one) => Object.prototype.toString.call(one)), AsyncFunction.name,
      is(Named), is(function plain() {}), is(Object.getPrototypeOf(async function () {}).constructor),
    ];`,
  );
  const generator = "[object AsyncGenerator]";
  expect(answer).toEqual([
    [generator, generator],
    "AsyncFunction",
    [true, "named", "object"],
    [false, "plain", "undefined"],
    [false, "AsyncFunction", "function"],
  ]);
});
