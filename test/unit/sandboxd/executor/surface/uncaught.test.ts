/** Errors that nobody catches, where the guest listens to them on `process`. */
import { expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type Outcome,
} from "../../../../support/executor.ts";
import { expectSameAsNode } from "./same-as-node.ts";

const textsOf = ({ lines }: Outcome) => lines.map(({ text }) => text);

test("listeners of process hear what nobody catches, as in Node", async () => {
  await expectSameAsNode("uncaught-cases.cjs", { isLowered: true });
});

test("a call goes on after an error that a listener took, and fails by what the listener throws", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    process.on("uncaughtException", (error) => {
      console.log(error.message);
      if (error.message === "worst") throw new Error("of the listener");
    });
    module.exports = (ctx, cb) => {
      setTimeout(() => { setTimeout(() => cb(null, "well"), 1); throw new Error(ctx.body); }, 1);
    };`);
  const well = await executor.invoke(version, { payload: '"bad"' });
  expect(answeredJson(well)).toBe("well");
  expect(textsOf(well)).toEqual(["bad"]);
  expect(await executor.invoke(version, { payload: '"worst"' })).toMatchObject({
    type: "failed",
    failure: { reason: "threw", message: "of the listener" },
  });
});

test("what the function itself throws is the call's failure, listeners or not", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    process.on("uncaughtException", () => console.log("heard"));
    process.on("unhandledRejection", () => console.log("heard"));
    module.exports = async (ctx) => { throw new Error("own"); };`);
  const outcome = await executor.invoke(version, { payload: "{}" });
  expect(outcome).toMatchObject({
    type: "failed",
    failure: { reason: "rejected", message: "own" },
  });
  expect(textsOf(outcome)).toEqual([]);
});

test("a rejection of a native async function is told by its words; process.exit is none", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`
    process.on("unhandledRejection", (reason, promise) => {
      console.log(reason instanceof Error, reason.name, reason.message, promise instanceof Promise);
    });
    const lose = async () => { throw new TypeError("lost"); };
    module.exports = (ctx, cb) => {
      lose();
      setTimeout(() => { if (ctx.body.exits) (async () => process.exit(3))(); else cb(); }, 1);
    };`);
  const outcome = await executor.invoke(version, { payload: "{}" });
  expect(outcome.type).toBe("answered");
  expect(textsOf(outcome)).toEqual(["true TypeError lost true"]);
  const left = await executor.invoke(version, { payload: '{"exits":true}' });
  expect(left).toMatchObject({ type: "failed", failure: { reason: "threw" } });
  expect(textsOf(left)).toEqual(["true TypeError lost true"]);
});
