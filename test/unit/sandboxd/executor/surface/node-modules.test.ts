/** The modules of Node that are neither bytes nor sockets: each case has the same outcome here and in plain Node. */
import { test } from "vitest";
import { expectSameAsNode } from "./same-as-node.ts";

test("process says and does what Node's does, in Node's order", async () => {
  await expectSameAsNode("process-cases.cjs");
});

test("process asks the system for what Node's asks, and is refused as there", async () => {
  await expectSameAsNode("system-cases.cjs");
});

test("timers are Node's: objects, promises, order", async () => {
  await expectSameAsNode("timers-cases.cjs");
});

test("what AsyncLocalStorage keeps survives whatever puts work off", async () => {
  await expectSameAsNode("async-hooks-cases.cjs", { isLowered: true });
});

test("what it keeps survives wherever Node's library calls back", async () => {
  await expectSameAsNode("carried-cases.cjs", { isLowered: true });
});

test("files are written, read and refused as in Node", async () => {
  await expectSameAsNode("fs-cases.cjs");
});

test("vm, os, module, readline, v8 and their like answer as Node's do", async () => {
  await expectSameAsNode("modules-cases.cjs");
});

test("vm's contexts have globals of their own, those of an object", async () => {
  await expectSameAsNode("vm-cases.cjs");
});

test("module is Node's loader, over files that the program wrote", async () => {
  await expectSameAsNode("loader-cases.cjs");
});

test("stacks begin with what their errors say, and may be prepared", async () => {
  await expectSameAsNode("errors-cases.cjs");
});

test("sizes that no machine has are refused as in Node", async () => {
  await expectSameAsNode("sizes-cases.cjs");
});

test("errors say what Node's and V8's say, wherever they come from", async () => {
  await expectSameAsNode("thrown-cases.cjs");
});

test("functions and classes are called what Node calls them", async () => {
  await expectSameAsNode("names-cases.cjs");
});

test("call sites, tasks and marks are as Node's", async () => {
  await expectSameAsNode("marks-cases.cjs");
});

test("the console writes where a program has it write", async () => {
  await expectSameAsNode("output-cases.cjs");
});
