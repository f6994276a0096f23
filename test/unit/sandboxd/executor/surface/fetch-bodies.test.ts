/** Bodies of requests and responses inside the isolate, and what of fetch is refused before it leaves, as plain Node has it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../../support/executor.ts";
import { expectSameBody } from "./same-as-node.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

const expectSame = (body: string) => expectSameBody(executor, body);

test("the chunks of a cloned body are each side's own", async () => {
  await expectSame(`
    const bytes = new Uint8Array([1, 2, 3]);
    const stream = new ReadableStream({ start: (c) => { c.enqueue(bytes); c.close(); } });
    const response = new Response(stream);
    const clone = response.clone();
    const first = (await response.body.getReader().read()).value;
    const second = (await clone.body.getReader().read()).value;
    first[0] = 9;
    return [first === bytes, second === bytes, [...second]];`);
});

test("a reader that has read is released, and what it would read next is refused", async () => {
  await expectSame(`
    const endless = () => new ReadableStream({ pull: (c) => c.enqueue(new Uint8Array(1)) });
    const stream = endless();
    const reader = stream.getReader();
    await reader.read();
    reader.releaseLock();
    const refused = (work) => work().then(() => "read", (error) => [error.name, error.code, error.message]);
    const waiting = new ReadableStream().getReader();
    const pending = refused(() => waiting.read());
    waiting.releaseLock();
    const used = () => { try { return new Response(stream); } catch (error) { return error.name; } };
    return [stream.locked, used(), await refused(() => reader.read()), await pending];`);
});

test("releasing a reader works after the program has patched regular expressions", async () => {
  const version = await executor.loaded(`module.exports = async (ctx) => {
    const reader = new ReadableStream().getReader();
    RegExp.prototype.exec = () => { throw new Error("patched"); };
    RegExp.prototype[Symbol.replace] = () => { throw new Error("patched"); };
    const read = reader.read();
    reader.releaseLock();
    return await read.catch((error) => error.code);
  };`);
  expect(answeredJson(await executor.invoke(version))).toBe(
    "ERR_INVALID_STATE",
  );
});

test("a program that names its context as the library does gets one of its own", async () => {
  const version = await executor.loaded(`module.exports = async (ctx) => {
    const vm = require("vm");
    try { return vm.runInNewContext("1 + 1", {}, { contextName: "internal" }); } catch (error) { return error.code; }
  };`);
  expect(answeredJson(await executor.invoke(version))).toBe(2);
});

test("a port of another protocol is refused before anything leaves", async () => {
  await expectSame(`
    const tried = (url) => fetch(url).then(() => "sent", (error) => [error.name, error.message, error.cause?.message]);
    return [await tried("http://a.test:22/"), await tried("https://a.test:6667/")];`);
});

test("a header that HTTP cannot carry is refused, and the isolate goes on", async () => {
  await expectSame(`
    const tried = (value) => fetch("http://127.0.0.1:9999/", { headers: { "x-a": value } })
      .then(() => "sent", (error) => [error.name, error.message]);
    return [await tried("a\\u0001b"), await tried("a\\u007fb"), await tried("a\\u001fb")];`);
});
