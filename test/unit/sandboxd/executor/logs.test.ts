/** When a call's lines leave the executor, and that they stay bounded on the way. */
import { expect, test } from "vitest";
import { startExecutor } from "../../../support/executor.ts";

test("what a call said before it waited survives a kill", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`module.exports = async () => {
    console.log("before");
    await new Promise((resolve) => setTimeout(resolve, 1));
    console.log("between");
    await new Promise((resolve) => setTimeout(resolve, 1));
    console.log("never seen");
    [].indexOf.call({ length: 2 ** 53 - 1 }, 1);
  };`);
  const id = executor.start(version, { wallMs: 500, syncMs: 100 });
  await executor.wait(
    (reply) =>
      reply.type === "logged" &&
      reply.id === id &&
      reply.lines.some(({ text }) => text === "between"),
  );
  process.kill(executor.pid, "SIGKILL");
  await executor.exited;
  expect(
    executor.received.filter(({ type }) => type === "logged"),
  ).toMatchObject([
    {
      id,
      version,
      invocationId: `invocation-${id}`,
      dropped: 0,
      lines: [{ text: "before" }],
    },
    { lines: [{ text: "between" }] },
  ]);
});

test("the bound of a call's log holds for all that is sent of it", async () => {
  await using executor = await startExecutor({ maxLogBytes: 2000 });
  const version = await executor.loaded(`module.exports = async () => {
    for (let i = 0; i < 200; i++) {
      console.log("line", i);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return "done";
  };`);
  const { lines, dropped } = await executor.invoke(version);
  const bytes = lines.reduce((sum, { text }) => sum + text.length, 0);
  expect(bytes).toBeLessThanOrEqual(2000);
  expect(lines.length).toBeGreaterThan(10);
  expect(lines.length + dropped).toBe(200);
  const sent = executor.received.filter(({ type }) => type === "logged");
  // One for each wait that had a kept line, and the count of the others at the end.
  expect(sent.length).toBeLessThanOrEqual(lines.length + 1);
});

test("a call that says nothing sends no log", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(
    "module.exports = (cb) => setTimeout(() => setTimeout(cb, 1), 1);",
  );
  await executor.invoke(version);
  expect(executor.received.map(({ type }) => type)).not.toContain("logged");
});

test("lines of an interleaved call come under its own name", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`module.exports = async (ctx) => {
    for (let i = 0; i < 3; i++) {
      console.log(ctx.body, i);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return {};
  };`);
  const a = executor.start(version, { payload: '"a"' });
  const b = executor.start(version, { payload: '"b"' });
  for (const [id, name] of [
    [a, "a"],
    [b, "b"],
  ] as const) {
    const { lines } = await executor.outcome(id);
    expect(lines.map(({ text }) => text)).toEqual([
      `${name} 0`,
      `${name} 1`,
      `${name} 2`,
    ]);
  }
});
