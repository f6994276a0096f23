/** What the build makes of a source and the runtime of that: top-level await, lowered async functions, sloppy and strict. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { build } from "../../../../../controlplane/build/build.ts";
import {
  answeredJson,
  startExecutor,
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
async function load(path: string, text: string) {
  const files = [{ path, content: Buffer.from(text) }];
  const { content } = await build({ files, entry: path });
  const version = `${expect.getState().currentTestName}`;
  const { failure } = await executor.load(Buffer.from(content).toString(), {
    version,
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
