/** The clocks and the memory of a call, and what becomes of the calls beside it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

const syncMs = 300;
/** How late a limit may be told. The promise is 200 ms on a quiet machine; a busy one is not the guest's doing. */
const lateMs = 1000;

const loopOnDemand = `let calls = 0;
  module.exports = function (ctx, cb) {
    calls++;
    if (ctx.body && ctx.body.loop) for (;;) calls++;
    cb(null, calls);
  };`;

function expectSyncTimeout(outcome: unknown): void {
  expect(outcome).toMatchObject({
    type: "failed",
    failure: {
      reason: "sync_time",
      limit: { name: "sync_ms", value: syncMs },
    },
  });
  const observed = Reflect.get(
    Reflect.get(Reflect.get(Object(outcome), "failure"), "limit"),
    "observed",
  );
  expect(observed).toBeGreaterThanOrEqual(syncMs);
  expect(observed).toBeLessThan(syncMs + lateMs);
}

test("an endless loop ends at its limit and takes its isolate along", async () => {
  const version = await executor.loaded(loopOnDemand);
  expectSyncTimeout(
    await executor.invoke(version, { payload: '{"loop":true}', syncMs }),
  );
  await executor.wait(
    (reply) => reply.type === "discarded" && reply.version === version,
  );
  // Not there any more: to be loaded again first.
  expect(await executor.invoke(version)).toMatchObject({
    type: "displaced",
    effects: 0,
  });
  await executor.loaded(loopOnDemand, { version });
  expect(answeredJson(await executor.invoke(version))).toBe(1);
});

test("an endless loop in code warmed by 50,000 calls ends at its limit", async () => {
  const version = await executor.loaded(loopOnDemand);
  for (let batch = 0; batch < 50; batch++) {
    const ids = Array.from({ length: 1000 }, () => executor.start(version));
    await executor.outcome(ids[999] ?? 0);
  }
  executor.received.length = 0;
  expectSyncTimeout(
    await executor.invoke(version, { payload: '{"loop":true}', syncMs }),
  );
});

test("an endless loop after an await of a timer ends at its limit, warmed too", async () => {
  const version = await executor.loaded(`
    async function work(loop) {
      await new Promise((resolve) => setImmediate(resolve));
      let n = 0;
      for (let i = 0; loop || i < 100; i++) n += i;
      return n;
    }
    module.exports = async (ctx) => work(ctx.body && ctx.body.loop);`);
  for (let batch = 0; batch < 5; batch++) {
    const ids = Array.from({ length: 50 }, () => executor.start(version));
    await Promise.all(ids.map((id) => executor.outcome(id)));
  }
  expectSyncTimeout(
    await executor.invoke(version, { payload: '{"loop":true}', syncMs }),
  );
});

test("an endless chain of microtasks ends at its limit", async () => {
  const version = await executor.loaded(
    "module.exports = async () => { for (;;) await null; };",
  );
  expectSyncTimeout(await executor.invoke(version, { syncMs }));
});

test("a promise that never settles ends with the call's wall time, and its isolate stays", async () => {
  const version = await executor.loaded(
    `let calls = 0;
    module.exports = (ctx, cb) => { calls++; if (ctx.body) cb(null, calls); };`,
  );
  expect(await executor.invoke(version, { wallMs: 100 })).toMatchObject({
    type: "failed",
    failure: { reason: "wall_time", limit: { name: "wall_ms", value: 100 } },
  });
  expect(
    await executor.invoke(version, { wallMs: 100, wallClock: "deadline" }),
  ).toMatchObject({ failure: { reason: "deadline" } });
  expect(answeredJson(await executor.invoke(version, { payload: "1" }))).toBe(
    3,
  );
});

test("a loop that outlasts its wall time is told by that clock", async () => {
  const version = await executor.loaded(
    "module.exports = (cb) => { for (;;); };",
  );
  const terms = { wallMs: 100, wallClock: "deadline", syncMs } as const;
  expect(await executor.invoke(version, terms)).toMatchObject({
    failure: { reason: "deadline", limit: { name: "timeout_ms", value: 100 } },
  });
});

test("a call that waits is displaced when another call's limit takes the isolate", async () => {
  const version = await executor.loaded(`module.exports = (ctx, cb) => {
    if (ctx.body.loop) for (;;);
    setTimeout(() => cb(null, "late"), 60000);
  };`);
  const waiting = executor.start(version, { payload: "{}" });
  const guilty = executor.start(version, { payload: '{"loop":1}', syncMs });
  expectSyncTimeout(await executor.outcome(guilty));
  expect(await executor.outcome(waiting)).toMatchObject({
    type: "displaced",
    effects: 0,
  });
});

test("a version beside it does not notice", async () => {
  const other = await executor.loaded(
    "module.exports = (cb) => setTimeout(() => cb(null, 'well'), 50);",
  );
  const looping = await executor.loaded(
    "module.exports = (cb) => { for (;;); };",
  );
  const waiting = executor.start(other);
  expectSyncTimeout(await executor.invoke(looping, { syncMs }));
  expect(answeredJson(await executor.outcome(waiting))).toBe("well");
});

test("too much memory is told as that", async () => {
  const version = await executor.loaded(`module.exports = (cb) => {
    const kept = [];
    for (;;) kept.push(new Array(1000).fill({}));
  };`);
  expect(await executor.invoke(version)).toMatchObject({
    type: "failed",
    failure: { reason: "memory", limit: { name: "heap_mb", value: 64 } },
  });
  await executor.wait(
    (reply) => reply.type === "discarded" && reply.version === version,
  );
});

test("a version has the memory its load gives it, beside others that have theirs", async () => {
  const hoard = `module.exports = (ctx, cb) => {
    const kept = [];
    for (let mb = 0; mb < ctx.body; mb++) kept.push(new Array(2 ** 17).fill(mb + 0.5));
    cb(null, kept.length);
  };`;
  const usual = await executor.loaded(hoard);
  const small = await executor.loaded(hoard, { heapLimitMb: 16 });
  const large = await executor.loaded(hoard, { heapLimitMb: 256 });
  expect(await executor.invoke(small, { payload: "40" })).toMatchObject({
    failure: { reason: "memory", limit: { name: "heap_mb", value: 16 } },
  });
  expect(answeredJson(await executor.invoke(usual, { payload: "40" }))).toBe(
    40,
  );
  expect(answeredJson(await executor.invoke(large, { payload: "150" }))).toBe(
    150,
  );
  expect(await executor.invoke(usual, { payload: "150" })).toMatchObject({
    failure: { reason: "memory", limit: { name: "heap_mb", value: 64 } },
  });
});

test("a top level that does not end is refused", async () => {
  const reply = await executor.load("for (;;);", { timeoutMs: 200 });
  expect(reply).toMatchObject({
    failure: { reason: "sync_time", limit: { name: "sync_ms", value: 200 } },
  });
});

const counting = `let fired = 0;
  module.exports = (ctx, cb) => {
    if (ctx.body.look) return cb(null, { fired });
    setInterval(() => { fired++; }, 1);
    if (ctx.body.ms) setTimeout(() => cb(null, { fired }), ctx.body.ms);
  };`;

/** Looks until the counter has not moved for some looks; a timer still alive would move it within 20 ms. */
async function restingCount(version: string): Promise<unknown> {
  const look = async () =>
    answeredJson(await executor.invoke(version, { payload: '{"look":1}' }));
  const waits = await executor.loaded(
    "module.exports = (cb) => setTimeout(cb, 20);",
  );
  const before = await look();
  await executor.invoke(waits);
  expect(await look()).toEqual(before);
  return before;
}

test("a cancelled call ends with its timers, and the next one runs", async () => {
  const version = await executor.loaded(counting);
  const id = executor.start(version, { payload: "{}" });
  executor.send({ type: "cancel", id });
  expect(await executor.outcome(id)).toMatchObject({ type: "cancelled" });
  await restingCount(version);
});

test("a call's timers end with its wall time", async () => {
  const version = await executor.loaded(counting);
  const outcome = await executor.invoke(version, { payload: "{}", wallMs: 50 });
  expect(outcome).toMatchObject({ failure: { reason: "wall_time" } });
  expect(await restingCount(version)).not.toEqual({ fired: 0 });
});

test("a call's timers end with its answer", async () => {
  const version = await executor.loaded(counting);
  const payload = '{"ms":30}';
  const count = answeredJson(await executor.invoke(version, { payload }));
  expect(await restingCount(version)).toEqual(count);
});

test("interleaved calls keep their own timers and log lines", async () => {
  const version = await executor.loaded(`module.exports = async (ctx) => {
    const { name, ms } = ctx.body;
    console.log(name, "before");
    await new Promise((resolve) => setTimeout(resolve, ms));
    console.warn(name, "after");
    return name;
  };`);
  const names = ["a", "b", "c", "d"];
  const ids = names.map((name, i) =>
    executor.start(version, {
      payload: JSON.stringify({ name, ms: 40 - 10 * i }),
    }),
  );
  const outcomes = await Promise.all(ids.map((id) => executor.outcome(id)));
  expect(outcomes.map(answeredJson)).toEqual(names);
  for (const [i, { lines }] of outcomes.entries())
    expect(lines.map(({ level, text }) => `${level} ${text}`)).toEqual([
      `log ${names[i]} before`,
      `warn ${names[i]} after`,
    ]);
});

test("the log of a call is bounded, and says how much was dropped", async () => {
  await using small = await startExecutor({ maxLogBytes: 1000 });
  const version = await small.loaded(`module.exports = (cb) => {
    for (let i = 0; i < 10000; i++) console.log("line " + i);
    cb(null, "done");
  };`);
  const outcome = await small.invoke(version);
  const bytes = outcome.lines.reduce((sum, { text }) => sum + text.length, 0);
  expect(answeredJson(outcome)).toBe("done");
  expect(bytes).toBeLessThanOrEqual(1000);
  expect(outcome.lines.length + outcome.dropped).toBe(10_000);
});

test("a line's text is data: cut when long, with whatever characters it has", async () => {
  const version = await executor.loaded(`module.exports = (cb) => {
    console.error("\\u001b[31mred\\nnext \\ud800");
    console.log("x".repeat(1e5));
    cb();
  };`);
  const { lines } = await executor.invoke(version);
  expect(lines[0]).toMatchObject({
    level: "error",
    text: "\u001b[31mred\nnext \ud800",
  });
  expect(lines[1]?.text.length).toBeLessThan(20_000);
});

test("timers are bounded", async () => {
  await using small = await startExecutor({
    maxOpenHostCalls: 3,
    maxHostCalls: 10,
  });
  const open = await small.loaded(`module.exports = (cb) => {
    try { for (let i = 0; i < 4; i++) setTimeout(() => {}, 1000); }
    catch (e) { cb(null, e.message); }
  };`);
  const all = await small.loaded(`module.exports = async () => {
    try { for (let i = 0; ; i++) await new Promise((resolve) => setImmediate(resolve)); }
    catch (e) { return e.message; }
  };`);
  expect(answeredJson(await small.invoke(open))).toBe(
    "more than 3 timers open at once",
  );
  expect(answeredJson(await small.invoke(all))).toBe(
    "more than 10 timers in one invocation",
  );
});
