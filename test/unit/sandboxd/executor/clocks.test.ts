/** CPU time and what is left of a call's time, beside the clocks of limits.test.ts. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  answeredJson,
  startExecutor,
  type InvokeChanges,
  type Outcome,
  type TestExecutor,
} from "../../../support/executor.ts";

let executor: TestExecutor;

beforeAll(async () => {
  executor = await startExecutor();
});

afterAll(() => executor[Symbol.asyncDispose]());

/** Works in slices of so many milliseconds of its own clock, sleeping between them. */
const work = `const burn = (ms) => { const end = Date.now() + ms; let n = 0; while (Date.now() < end) n++; return n; };
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let calls = 0;
  module.exports = async (ctx) => {
    calls++;
    const { slices = 1, burnMs = 0, sleepMs = 0 } = ctx.body;
    for (let i = 0; i < slices; i++) { console.log("slice", i); burn(burnMs); await sleep(sleepMs); }
    return calls;
  };`;

/**
 * Runs a source until it was judged. A machine so busy that a slice ran out before its CPU time has not judged it: then
 * the call is displaced, as a test below wants it, and the supervisor would run it again.
 */
async function judged(
  source: string,
  changes: InvokeChanges,
): Promise<{ version: string; outcome: Outcome }> {
  for (let attempt = 0; ; attempt++) {
    const version = await executor.loaded(source);
    const outcome = await executor.invoke(version, changes);
    if (outcome.type !== "displaced" || attempt === 9)
      return { version, outcome };
  }
}

function cpuFailure(cpuMs: number): object {
  return {
    type: "failed",
    failure: {
      reason: "cpu_time",
      limit: { name: "cpu_ms", value: cpuMs, observed: expect.any(Number) },
    },
  };
}

test("a call of 300 ms sleep and 20 ms work passes a CPU limit of 50 ms; the reverse does not", async () => {
  const asleep = await judged(work, {
    payload: '{"slices":2,"burnMs":10,"sleepMs":150}',
    cpuMs: 50,
  });
  expect(answeredJson(asleep.outcome)).toBe(1);
  // As many slices as it takes: work by the clock may be little work on a busy machine.
  const awake = await judged(work, {
    payload: '{"slices":500,"burnMs":15,"sleepMs":1}',
    cpuMs: 50,
  });
  expect(awake.outcome).toMatchObject(cpuFailure(50));
});

test("after CPU time was used up in slices that returned, the isolate stays", async () => {
  const { version, outcome } = await judged(work, {
    // Many short slices: on a busy machine one long one, with its first line, may be all that the limit has room for.
    payload: '{"slices":500,"burnMs":2}',
    cpuMs: 30,
  });
  expect(outcome).toMatchObject(cpuFailure(30));
  expect(outcome.lines.length).toBeGreaterThan(1);
  expect(answeredJson(await executor.invoke(version, { payload: "{}" }))).toBe(
    2,
  );
});

test("an answer that took too much CPU time is none", async () => {
  const { outcome } = await judged(
    `module.exports = (cb) => { const end = Date.now() + 60; let n = 0; while (Date.now() < end) n++; cb(null, n); };`,
    { cpuMs: 1 },
  );
  expect(outcome).toMatchObject(cpuFailure(1));
});

test("an endless loop ends with its CPU time, and takes its isolate along", async () => {
  const { version, outcome } = await judged(
    "module.exports = (cb) => { for (;;); };",
    { cpuMs: 20 },
  );
  expect(outcome).toMatchObject(cpuFailure(20));
  await executor.wait(
    (reply) => reply.type === "discarded" && reply.version === version,
  );
});

test("where clocks run out together, the synchronous one is told", async () => {
  const version = await executor.loaded(
    "module.exports = (cb) => { for (;;); };",
  );
  const terms = { syncMs: 300, cpuMs: 300 };
  expect(await executor.invoke(version, terms)).toMatchObject({
    failure: { reason: "sync_time", limit: { name: "sync_ms", value: 300 } },
  });
});

test("the CPU time of one call is not another's", async () => {
  const version = await executor.loaded(work);
  const waiting = executor.start(version, {
    payload: '{"sleepMs":300}',
    cpuMs: 40,
  });
  const busy = executor.start(version, {
    payload: '{"slices":15,"burnMs":10}',
  });
  expect(answeredJson(await executor.outcome(busy))).toBe(2);
  expect(answeredJson(await executor.outcome(waiting))).toBe(2);
});

test("a call that a busy machine kept from its CPU time is displaced, not blamed", async () => {
  await using stopped = await startExecutor();
  const version = await stopped.loaded(
    `module.exports = async (ctx) => {
      console.log("awake");
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (ctx.body.loop) for (;;);
      await new Promise(() => {});
    };`,
  );
  const waiting = stopped.start(version, { payload: "{}" });
  const starved = stopped.start(version, {
    payload: '{"loop":1}',
    syncMs: 9000,
    cpuMs: 1000,
  });
  await stopped.wait(
    (reply) => reply.type === "logged" && reply.id === starved,
  );
  const beforeMs = cpuMsOf(stopped.pid);
  await expect.poll(() => cpuMsOf(stopped.pid)).toBeGreaterThan(beforeMs + 30);
  process.kill(stopped.pid, "SIGSTOP");
  const endMs = performance.now() + 1500;
  await expect
    .poll(() => performance.now(), { timeout: 5000 })
    .toBeGreaterThan(endMs);
  process.kill(stopped.pid, "SIGCONT");
  expect(await stopped.outcome(starved)).toMatchObject({
    type: "displaced",
    effects: 0,
  });
  expect(await stopped.outcome(waiting)).toMatchObject({ type: "displaced" });
  await stopped.wait(
    (reply) => reply.type === "discarded" && reply.version === version,
  );
});

/** CPU time of a process so far, as Linux counts it. */
function cpuMsOf(pid: number): number {
  const [ns] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
  return Number(ns) / 1e6;
}

test("a context tells how much of its call's time is left", async () => {
  const version = await executor.loaded(`module.exports = async (ctx) => {
    const first = ctx.remainingMs();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const { remainingMs } = ctx;
    const second = remainingMs();
    Date.now = () => 0;
    return [first, second, ctx.remainingMs()];
  };`);
  const left = answeredJson(await executor.invoke(version, { wallMs: 800.7 }));
  if (!Array.isArray(left)) throw new Error("no times");
  const [first, second, third] = left.map(Number);
  expect(first).toBeGreaterThan(600);
  expect(first).toBeLessThanOrEqual(800);
  expect(second).toBeLessThanOrEqual(Number(first) - 48);
  expect(third).toBeLessThanOrEqual(Number(second));
  expect(third).toBeGreaterThan(0);
});

test("what a call waits for in the pipe is taken off its time", async () => {
  const version = await executor.loaded(`module.exports = (ctx, cb) => {
    const end = Date.now() + (ctx.body?.spinMs ?? 0);
    while (Date.now() < end);
    cb(null, ctx.remainingMs());
  };`);
  const payload = JSON.stringify({ spinMs: 400 });
  const before = executor.start(version, { payload });
  const next = executor.start(version, { wallMs: 10_000 });
  const late = executor.start(version, { wallMs: 300, wallClock: "deadline" });
  await executor.outcome(before);
  const leftMs = answeredJson(await executor.outcome(next));
  expect(leftMs).toBeLessThanOrEqual(9605);
  expect(leftMs).toBeGreaterThan(0);
  expect(await executor.outcome(late)).toMatchObject({
    failure: { reason: "deadline", limit: { name: "timeout_ms", value: 300 } },
  });
});

test("what is left of a call's time is never less than nothing", async () => {
  const version = await executor.loaded(`let kept;
    module.exports = (ctx, cb) => {
      if (kept) return cb(null, [kept.remainingMs()]);
      kept = ctx;
      cb();
    };`);
  await executor.invoke(version, { wallMs: 20 });
  await expect
    .poll(async () => answeredJson(await executor.invoke(version)))
    .toEqual([0]);
});

test("a context's time is there for a function of request and response", async () => {
  const version = await executor.loaded(
    "module.exports = (ctx, req, res) => res.end(String(ctx.remainingMs() > 0));",
  );
  expect(await executor.invoke(version)).toMatchObject({ type: "answered" });
});
