/** What `process` and `console` are inside Annex and nowhere else: the call's log, its end, its parameters. */
import { expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type Outcome,
} from "../../../../support/executor.ts";

const linesOf = ({ lines }: Outcome) =>
  lines.map(({ level, text }) => `${level}: ${text}`);

test("the environment is the version's parameters, until they change, and what the guest wrote", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(
    `const first = process.env.NAME;
    module.exports = (cb) => {
      process.env.COUNT = Number(process.env.COUNT ?? 0) + 1;
      cb(null, { first, ...process.env });
    };`,
    { secrets: { NAME: "a", KEY: "secret" }, meta: { KEY: "meta", M: "1" } },
  );
  const before = { first: "a", NAME: "a", KEY: "secret", M: "1" };
  expect(answeredJson(await executor.invoke(version))).toEqual({
    ...before,
    COUNT: "1",
  });
  executor.send({
    type: "update",
    version,
    secrets: { NAME: "b" },
    meta: {},
  });
  expect(answeredJson(await executor.invoke(version))).toEqual({
    first: "a",
    NAME: "b",
    COUNT: "2",
  });
});

test("process.exit ends the invocation after its listeners, and no other", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    process.on("exit", (code) => console.log("exit", code));
    module.exports = async (ctx) => {
      if (ctx.body.code === undefined) return "well";
      await null;
      process.exit(ctx.body.code);
    };`);
  const outcome = await executor.invoke(version, { payload: '{"code":3}' });
  expect(outcome).toMatchObject({
    type: "failed",
    failure: {
      reason: "threw",
      message: "process.exit(3) ended the invocation before it answered",
    },
  });
  expect(linesOf(outcome)).toEqual(["log: exit 3"]);
  expect(answeredJson(await executor.invoke(version, { payload: "{}" }))).toBe(
    "well",
  );
});

test("what is written to the standard streams are lines of the log", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`module.exports = (cb) => {
    process.stdout.write("one ");
    process.stdout.write("line\\nand");
    require("fs").writeSync(2, "an error\\n");
    process.emitWarning("careful", "OwnWarning", "W1");
    process.stdin.on("data", () => cb(null, "data")).on("end", () => cb(null, "ended"));
  };`);
  const outcome = await executor.invoke(version);
  expect(answeredJson(outcome)).toBe("ended");
  expect(linesOf(outcome)).toEqual([
    "log: one line",
    "error: an error",
    "log: and",
    "warn: (node:1) [W1] OwnWarning: careful",
  ]);
});

test("a rejection nobody handles and what is thrown too late name the author's lines", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`module.exports = (cb) => {
    class OwnError extends Error { name = "OwnError"; }
    function lose() { Promise.reject(new OwnError("lost")); }
    lose();
    setTimeout(() => { cb(null, "answered"); throw new RangeError("late"); }, 1);
  };`);
  const id = executor.start(version);
  expect(answeredJson(await executor.outcome(id))).toBe("answered");
  const lines = executor.received.flatMap((reply) =>
    reply.type === "logged" ? reply.lines.map(({ text }) => text) : [],
  );
  expect(lines).toEqual([
    expect.stringMatching(
      /^Unhandled rejection: OwnError: lost\n {4}at lose \(webtask\.js:3:38\)\n {4}at module\.exports/,
    ),
    expect.stringMatching(
      /^Uncaught RangeError: late\n {4}at Timeout\._onTimeout \(webtask\.js:5:52\)$/,
    ),
  ]);
});

test("console writes as Node's, each line with its level", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`module.exports = (cb) => {
    console.group("group");
    console.log("in\\nner", { a: [1, { b: new Map([[1, 2]]) }] });
    console.groupEnd();
    console.error("%s is %d%%", "half", 50, "of it");
    console.table([{ a: 1 }]);
    console.count("c");
    console.assert(false, "no %s", "way");
    console.dir({ a: { b: {} } }, { depth: 0 });
    console.trace("here");
    cb();
  };`);
  expect(linesOf(await executor.invoke(version))).toEqual([
    "log: group",
    "log:   in\n  ner { a: [ 1, { b: [Map] } ] }",
    "error: half is 50% of it",
    "log: ┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘",
    "log: c: 1",
    "warn: Assertion failed: no way",
    "log: { a: [Object] }",
    "error: Trace: here\n    at module.exports (webtask.js:10:13)",
  ]);
});
