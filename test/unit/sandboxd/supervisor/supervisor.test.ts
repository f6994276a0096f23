import { expect, test, vi } from "vitest";
import { PacedStarts } from "../../../../sandboxd/supervisor/paced-starts.ts";
import { startPool } from "../../../../sandboxd/supervisor/pool.ts";
import { createProcesses } from "../../../../sandboxd/supervisor/processes.ts";
import type { RunOutcome } from "../../../../sandboxd/supervisor/run.ts";
import {
  ampleBudget,
  callWith,
  closedGate,
  defaultSettings,
  startTestSupervisor,
  testLauncher,
  versionOf,
} from "../../../support/supervisor.ts";

const echo =
  "module.exports = (ctx, cb) => cb(null, { body: ctx.body, secret: ctx.secrets.key });";
const never = "module.exports = (ctx, cb) => {};";
/** V8 does not look at its interrupts in here, so no timeout ends it. */
const uninterruptible =
  "module.exports = (ctx, cb) => { if (ctx.body.hang) [].indexOf.call({ length: 2 ** 53 - 1 }, 1); else setTimeout(() => cb(null, 'late'), 100); };";

function json({ outcome }: RunOutcome): unknown {
  return outcome.kind === "answered"
    ? JSON.parse(outcome.payload.toString())
    : outcome;
}

function reason({ outcome }: RunOutcome): unknown {
  return outcome.kind === "failed" ? outcome.failure.reason : outcome;
}

test("the first call of a container is cold, the next is warm", async () => {
  const { supervisor, warm } = await startTestSupervisor();
  const first = await supervisor.run(versionOf(echo), callWith({ n: 1 }));
  const second = await supervisor.run(versionOf(echo), callWith({ n: 2 }));
  expect([first.isCold, second.isCold]).toEqual([true, false]);
  expect(json(second)).toEqual({ body: { n: 2 } });
  expect([...warm]).toEqual(["acme/hello@1"]);
});

test("two containers never share a process", async () => {
  const { supervisor } = await startTestSupervisor({ poolSize: 2 });
  await supervisor.run(versionOf(echo, "hello@1", "acme"), callWith({}));
  await supervisor.run(versionOf(echo, "hello@1", "other"), callWith({}));
  const pids = supervisor.pids();
  expect(pids.map(({ container }) => container).toSorted()).toEqual([
    "acme",
    "other",
  ]);
  expect(new Set(pids.map(({ pid }) => pid)).size).toBe(2);
});

test("kill -9 of an executor fails the call in it and no other", async () => {
  const { supervisor, killed } = await startTestSupervisor({ poolSize: 2 });
  await supervisor.run(versionOf(echo, "hello@1", "other"), callWith({}));
  const hit = supervisor.run(versionOf(never), callWith({}));
  await vi.waitUntil(() => supervisor.isWarm("acme", "hello@1"));
  const pid =
    supervisor.pids().find(({ container }) => container === "acme")?.pid ?? 0;
  process.kill(pid, "SIGKILL");
  expect(reason(await hit)).toBe("executor_lost");
  expect(killed).toEqual(["exited"]);
  const beside = await supervisor.run(
    versionOf(echo, "hello@1", "other"),
    callWith({ n: 1 }),
  );
  expect([beside.isCold, json(beside)]).toEqual([false, { body: { n: 1 } }]);
  expect(
    json(await supervisor.run(versionOf(echo), callWith({ n: 2 }))),
  ).toEqual({ body: { n: 2 } });
});

test("kills what cannot be interrupted, and runs the calls beside it again elsewhere", async () => {
  const { supervisor, killed } = await startTestSupervisor({ poolSize: 2 });
  const version = versionOf(uninterruptible);
  await supervisor.run(version, callWith({}));
  const beside = supervisor.run(version, callWith({}));
  const hung = supervisor.run(
    version,
    callWith({ hang: true }, { wallMs: 300 }),
  );
  const outcome = await hung;
  expect(outcome.outcome).toMatchObject({
    failure: { reason: "wall_time", limit: { name: "wall_ms", value: 300 } },
  });
  expect(outcome.endedAt - outcome.admittedAt).toBeLessThan(300 + 1000);
  expect(json(await beside)).toBe("late");
  expect(killed).toEqual(["overdue"]);
});

test("a cancelled call ends at once and frees its executor", async () => {
  const { supervisor } = await startTestSupervisor();
  const caller = new AbortController();
  const run = supervisor.run(versionOf(never), callWith({}), caller.signal);
  await vi.waitUntil(() => supervisor.isWarm("acme", "hello@1"));
  const askedAt = performance.now();
  caller.abort();
  expect((await run).outcome).toMatchObject({ kind: "cancelled" });
  expect(performance.now() - askedAt).toBeLessThan(50);
  await vi.waitUntil(() => supervisor.openCalls("acme") === 0);
});

test("a call cancelled before its version is loaded ends at once", async () => {
  const { supervisor } = await startTestSupervisor();
  const caller = new AbortController();
  const version = versionOf("module.exports = (cb) => {};");
  const loading =
    Promise.withResolvers<Awaited<ReturnType<typeof version.read>>>();
  const run = supervisor.run(
    { ...version, read: () => loading.promise },
    callWith({}),
    caller.signal,
  );
  caller.abort();
  expect((await run).outcome).toMatchObject({ kind: "cancelled" });
  loading.resolve(await version.read());
  expect(
    (await supervisor.run(versionOf(echo, "hello@2"), callWith({}))).outcome,
  ).toMatchObject({ kind: "answered" });
});

test("new secrets reach the next call of a warm version", async () => {
  const { supervisor } = await startTestSupervisor();
  const version = versionOf(echo);
  await supervisor.run(version, callWith({}));
  const changed = { ...version, secrets: { key: "new" } };
  const after = await supervisor.run(changed, callWith({}));
  expect([after.isCold, json(after)]).toEqual([
    false,
    { body: {}, secret: "new" },
  ]);
});

test("a check refuses a top level that loops or throws, and leaves no executor behind", async () => {
  const { supervisor } = await startTestSupervisor();
  expect(await supervisor.check(versionOf("for (;;) {}"))).toMatchObject({
    reason: "sync_time",
  });
  expect(
    await supervisor.check(versionOf("\nthrow new Error('boom')")),
  ).toMatchObject({ reason: "threw", line: 2 });
  expect(await supervisor.check(versionOf("let = ;"))).toMatchObject({
    reason: "syntax",
  });
  expect(await supervisor.check(versionOf("module.exports = 1"))).toMatchObject(
    { reason: "invalid_export" },
  );
  expect(await supervisor.check(versionOf(echo))).toBeUndefined();
  expect(supervisor.pids()).toEqual([]);
});

test("a version too large for an executor fails by the limit's name, and costs no executor", async () => {
  const { supervisor, killed } = await startTestSupervisor();
  await supervisor.run(versionOf(echo), callWith({}));
  const large = versionOf(`${echo}//${"x".repeat(34 * 1024 * 1024)}`, "big@1");
  const { outcome } = await supervisor.run(large, callWith({}));
  expect(outcome).toMatchObject({
    kind: "failed",
    failure: { reason: "memory", limit: { name: "bundle_bytes" } },
  });
  const after = await supervisor.run(versionOf(echo), callWith({}));
  expect(after.isCold).toBe(false);
  expect(killed).toEqual([]);
});

test("an executor unused for too long is ended", async () => {
  const { supervisor, warm } = await startTestSupervisor({ idleMs: 100 });
  await supervisor.run(versionOf(echo), callWith({}));
  await vi.waitUntil(() => supervisor.pids().length === 0);
  expect(warm.size).toBe(0);
});

test("a newer version of an extension takes the older one's isolate away", async () => {
  const { supervisor, warm } = await startTestSupervisor();
  await supervisor.run(versionOf(echo, "hello@1"), callWith({}));
  await supervisor.run(versionOf(echo, "other@1"), callWith({}));
  await supervisor.run(versionOf(echo, "hello@2"), callWith({}));
  await vi.waitFor(() =>
    expect([...warm].toSorted()).toEqual(["acme/hello@2", "acme/other@1"]),
  );
});

test("when all executors are in use the longest unused gives way", async () => {
  const { supervisor } = await startTestSupervisor({ maxExecutors: 1 });
  await supervisor.run(versionOf(echo, "hello@1", "a"), callWith({}));
  await supervisor.run(versionOf(echo, "hello@1", "b"), callWith({}));
  await vi.waitUntil(() => supervisor.pids().length === 1);
  expect(supervisor.pids()[0]?.container).toBe("b");
});

test("a launch that fails is told, not waited for", async () => {
  const pool = startPool({
    processes: createProcesses({
      launcher: testLauncher("/nonexistent/executor.cjs"),
      budget: ampleBudget,
      returned: () => undefined,
    }),
    starts: new PacedStarts(),
    start: {
      type: "start",
      isStocked: false,
      heapLimitMb: 64,
      maxResultBytes: 1,
      maxLogBytes: 1,
      maxOpenHostCalls: 1,
      maxHostCalls: 1,
      maxOpenEgress: 1,
    },
    limits: { memoryMb: 384, cpuPercent: 100 },
    size: 1,
    now: () => performance.now(),
    gate: closedGate,
    log: { error: () => undefined },
  });
  await expect(pool.take()).rejects.toMatchObject({ code: "unavailable" });
  pool.close();
});

test("empty console lines and huge headers cost nobody the executor", async () => {
  const { supervisor, killed } = await startTestSupervisor();
  const chatty = versionOf(
    "module.exports = (ctx, cb) => { for (let i = 0; i < 30000; i++) console.log(''); cb(null, 1); };",
  );
  const { outcome } = await supervisor.run(chatty, callWith({}));
  expect(outcome.kind === "answered" && outcome.logs?.dropped).toBeGreaterThan(
    1000,
  );
  const heady = versionOf(
    "module.exports = (ctx, req, res) => { res.setHeader('x', 'a'.repeat(1300000)); res.end(); };",
    "heady@1",
  );
  expect(reason(await supervisor.run(heady, callWith({})))).toBe("result_size");
  expect(killed).toEqual([]);
});

test("a version may have all the secrets that the control plane takes", async () => {
  const { supervisor } = await startTestSupervisor();
  const secrets = Object.fromEntries(
    Array.from({ length: 100 }, (_, i) => [`s${i}`, "x".repeat(16 * 1024)]),
  );
  const version = {
    ...versionOf(
      "module.exports = (ctx, cb) => cb(null, Object.keys(ctx.secrets).length);",
    ),
    secrets,
  };
  expect(json(await supervisor.run(version, callWith({})))).toBe(100);
});

const spin =
  "module.exports = (ctx, cb) => { const end = Date.now() + ctx.body.ms; while (Date.now() < end); cb(null, 'spun'); };";

test("what waits behind legal slices is told when its time is over, and nobody is killed", async () => {
  const { supervisor, killed } = await startTestSupervisor(
    {},
    {
      settingsOf: () => ({ ...defaultSettings, maxExecutors: 1 }),
    },
  );
  const version = versionOf(spin);
  await supervisor.run(version, callWith({ ms: 1 }));
  const slices = Array.from({ length: 4 }, () =>
    supervisor.run(version, callWith({ ms: 400 })),
  );
  const hasty = await supervisor.run(
    version,
    callWith({ ms: 1 }, { wallMs: 50, wallClock: "deadline" }),
  );
  expect(hasty.outcome).toMatchObject({
    failure: { reason: "deadline", limit: { name: "timeout_ms", value: 50 } },
  });
  expect(hasty.endedAt - hasty.admittedAt).toBeLessThan(400);
  expect((await Promise.all(slices)).map(json)).toEqual(Array(4).fill("spun"));
  expect(killed).toEqual([]);
});

test("a second executor starts when calls wait", async () => {
  const { supervisor } = await startTestSupervisor({ poolSize: 2 });
  const version = versionOf(spin);
  await supervisor.run(version, callWith({ ms: 1 }));
  const slow = supervisor.run(version, callWith({ ms: 450 }));
  await vi.waitUntil(async () => {
    void supervisor.run(version, callWith({ ms: 1 }));
    return supervisor.pids().length === 2;
  });
  await slow;
});

test("an executor that is loading is not taken for idle", async () => {
  const { supervisor } = await startTestSupervisor({ idleMs: 100 });
  const version = versionOf(
    `const end = Date.now() + 300; while (Date.now() < end); ${echo}`,
  );
  const { outcome } = await supervisor.run(version, callWith({}));
  expect(outcome.kind).toBe("answered");
});

test("code of requests beyond its bound is refused while all of it is in use", async () => {
  const { supervisor } = await startTestSupervisor(
    { maxInlineVersions: 2 },
    { settingsOf: () => ({ ...defaultSettings, maxExecutors: 1 }) },
  );
  const caller = new AbortController();
  const used = ["a", "b"].map((name) =>
    supervisor.run(inline(name), callWith({}), caller.signal),
  );
  await vi.waitUntil(
    () =>
      supervisor.isWarm("acme", "inline:a") &&
      supervisor.isWarm("acme", "inline:b"),
  );
  const refused = await supervisor.run(inline("c"), callWith({}));
  expect(refused.outcome).toMatchObject({
    failure: { reason: "concurrency", limit: { name: "inline_versions" } },
  });
  caller.abort();
  await Promise.all(used);
});

function inline(name: string) {
  return versionOf(never, `inline:${name}`);
}
