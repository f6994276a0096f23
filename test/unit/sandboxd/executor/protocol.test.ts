/** The pipe: what the executor ignores, and what ends it. */
import { expect, test } from "vitest";
import { encodeFrame } from "../../../../sandboxd/frames.ts";
import {
  answeredJson,
  spawnExecutor,
  startExecutor,
} from "../../../support/executor.ts";

const hello = "module.exports = (cb) => cb(null, 'hello');";

test("requests for what is not there are ignored", async () => {
  await using executor = await startExecutor();
  executor.send({ type: "cancel", id: 99 });
  executor.send({ type: "unload", version: "nobody@1" });
  executor.send({ type: "update", version: "nobody@1", secrets: {}, meta: {} });
  const version = await executor.loaded(hello);
  expect(answeredJson(await executor.invoke(version))).toBe("hello");
  expect(executor.received.map(({ type }) => type)).toEqual([
    "ready",
    "loaded",
    "answered",
  ]);
});

test("a call of a version that is not loaded may be run elsewhere", async () => {
  await using executor = await startExecutor();
  expect(await executor.invoke("nobody@1")).toMatchObject({
    type: "displaced",
    effects: 0,
  });
});

test("an unloaded version is gone", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(hello);
  executor.send({ type: "unload", version });
  expect(await executor.invoke(version)).toMatchObject({ type: "displaced" });
});

test("a frame longer than any may be ends the executor", async () => {
  await using executor = await startExecutor();
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(0xffffffff, 0);
  executor.sendBytes(frame);
  expect(await executor.exited).not.toBe(0);
});

test("a second start ends the executor", async () => {
  await using executor = await startExecutor();
  executor.sendBytes(encodeFrame({ type: "start" }));
  expect(await executor.exited).not.toBe(0);
});

test("the executor ends when the supervisor is gone", async () => {
  await using executor = spawnExecutor();
  executor.hangUp();
  expect(await executor.exited).toBe(0);
});
