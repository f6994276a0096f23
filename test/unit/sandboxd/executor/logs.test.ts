/** When a call's lines leave the executor, and that they stay bounded on the way. */
import { format } from "node:util";
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../support/executor.ts";

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

test("a call that says nothing tells that it waits, once, and nothing where it does not", async () => {
  await using executor = await startExecutor();
  const waiting = await executor.loaded(
    "module.exports = (cb) => setTimeout(() => setTimeout(cb, 1), 1);",
  );
  const answering = await executor.loaded("module.exports = (cb) => cb();");
  await executor.invoke(waiting);
  await executor.invoke(answering);
  const logged = executor.received.filter(({ type }) => type === "logged");
  expect(logged).toMatchObject([{ lines: [] }]);
});

test("what is as short as a word is written as Node writes it, with its library loaded or not", async () => {
  await using executor = await startExecutor();
  // prettier-ignore
  const words = ["text", "5 %", 5, -0, 0, 0.1, 1e21, NaN, -Infinity,
    true, null, undefined, 12n, Symbol("a")];
  const source = `["text", "5 %", 5, -0, 0, 0.1, 1e21, NaN, -Infinity,
    true, null, undefined, 12n, Symbol("a")]`;
  const version = await executor.loaded(`module.exports = (cb) => {
    const words = ${source};
    for (const word of [...words, ...words]) {
      console.log(word);
      console.log("after", word);
      console.log(word, "%d", word);
    }
    cb(null);
  };`);
  const { lines } = await executor.invoke(version);
  expect(lines.map(({ text }) => text)).toEqual(
    [...words, ...words].flatMap((word) => [
      format(word),
      format("after", word),
      format(word, "%d", word),
    ]),
  );
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

/** JSON writes each of these in six bytes. */
const costly = String.raw`"\0".repeat(20000)`;

test("however long they are on the pipe, a call's lines come in heads the supervisor takes", async () => {
  await using executor = await startExecutor({ maxLogBytes: 256 * 1024 });
  const version = await executor.loaded(`module.exports = (cb) => {
    for (let i = 0; i < 12; i++) console.log(${costly});
    cb(null, 1);
  };`);
  const { lines, type } = await executor.invoke(version);
  expect(type).toBe("answered");
  expect(lines).toHaveLength(12);
});

test("however long it is on the pipe, a failure comes in a head the supervisor takes", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`module.exports = (cb) => {
    const error = new Error(${costly});
    const frame = "    at " + "x".repeat(600) + "\0".repeat(300) + " (webtask.js:1:1)\\n";
    error.stack = "Error\\n" + frame.repeat(20);
    throw error;
  };`);
  const outcome = await executor.invoke(version);
  expect(outcome.type).toBe("failed");
});

test("a request outward that would be too long on the pipe is the guest's failure", async () => {
  await using executor = await startExecutor();
  const asking = await executor.loaded(`module.exports = async () => {
    const url = "http://example.com/" + "x".repeat(15000);
    try { await fetch(url, { headers: { x: "\u00ff".repeat(62000) } }); }
    catch (error) { return [error.message, String(error.cause)].join(); }
  };`);
  const outcome = await executor.invoke(asking);
  expect(String(answeredJson(outcome))).toContain("are too long");
  expect(executor.received.map(({ type }) => type)).not.toContain("egress");
});

test("errors within something else are logged as Node writes them, without the runtime's frames", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(
    `module.exports = async () => {
  console.log(Object.assign(new Error("with"), { code: "C" }));
  console.log({ a: { e: new Error("nested") } });
  console.log([new Error("in a list"), 1]);
  const later = () => new Promise((resolve) => setTimeout(resolve, 1));
  async function one() { await later(); throw new Error("deep"); }
  async function two() { await one(); }
  await two().catch((error) => console.log(error));
  return 1;
};`,
  );
  const { lines } = await executor.invoke(version);
  expect(lines.map(({ text }) => text)).toEqual([
    `Error: with
    at module.exports (webtask.js:2:29) {
  code: 'C'
}`,
    `{
  a: {
    e: Error: nested
        at module.exports (webtask.js:3:25)
  }
}`,
    `[
  Error: in a list
      at module.exports (webtask.js:4:16),
  1
]`,
    `Error: deep
    at one (webtask.js:6:47)
    at async two (webtask.js:7:26)
    at async module.exports (webtask.js:8:3)`,
  ]);
});
