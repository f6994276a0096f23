/** What isolated-vm reads of a rejection nobody handled runs the guest's code after its timed slice: only a kill ends it. */
import { expect, test } from "vitest";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

const loop = "() => { for (;;); }";

test.each([
  ["a message", `Object.defineProperty({}, "message", { get: ${loop} })`],
  ["a stack", `Object.defineProperty(new Error(), "stack", { get: ${loop} })`],
  ["a proxy", `new Proxy({}, { get: ${loop} })`],
  ["a text", `{ message: { toString: ${loop} } }`],
])(
  "%s that loops in a rejection nobody handles ends its call within its wall time and a second, and no other's",
  async (_, reason) => {
    const { supervisor, killed } = await startTestSupervisor({ poolSize: 2 });
    const canary = versionOf(
      "module.exports = (cb) => cb(null, 1);",
      "c@1",
      "c",
    );
    await supervisor.run(canary, callWith({}));
    const hostile = versionOf(
      `module.exports = (cb) => { cb(null, 1); Promise.reject(${reason}); };`,
    );
    const wallMs = 300;
    const { outcome, admittedAt, endedAt } = await supervisor.run(
      hostile,
      callWith({}, { wallMs }),
    );
    expect(outcome).toMatchObject({ failure: { reason: "wall_time" } });
    expect(endedAt - admittedAt).toBeLessThan(wallMs + 1000);
    await expect.poll(() => killed).toEqual(["overdue"]);
    const after = await supervisor.run(canary, callWith({}));
    expect(after.outcome.kind).toBe("answered");
    expect(after.isCold).toBe(false);
  },
);

test("a timer of the top level that hangs with no call open ends its executor, and counts against its version", async () => {
  const { supervisor, killed } = await startTestSupervisor({
    quarantineAfter: 1,
  });
  const hostile = versionOf(
    `setTimeout(() => [].indexOf.call({ length: 2 ** 53 - 1 }, 1), 20);
    module.exports = (cb) => cb(null, 1);`,
  );
  const { outcome } = await supervisor.run(hostile, callWith({}));
  expect(outcome.kind).toBe("answered");
  await expect.poll(() => killed, { timeout: 5000 }).toEqual(["overdue"]);
  expect(supervisor.counts().assigned).toBe(0);
});
