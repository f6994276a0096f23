/** Real executors that die: what is kept, and how soon the next call is answered. */
import { expect, test, vi } from "vitest";
import {
  callWith,
  defaultSettings,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

const hello = "module.exports = (cb) => cb(null, 'hello');";

test("after a kill the next call is answered by one that was ready, within 50 ms (median)", async () => {
  const { supervisor } = await startTestSupervisor({
    poolSize: 2,
    quarantineAfter: 100,
  });
  const version = versionOf(hello);
  await supervisor.run(version, callWith({}));
  const tookMs: number[] = [];
  for (let round = 0; round < 9; round++) {
    await vi.waitUntil(() => supervisor.counts().ready === 2, {
      timeout: 5000,
    });
    const [before] = supervisor.pids();
    const killedAt = performance.now();
    process.kill(before?.pid ?? 0, "SIGKILL");
    await vi.waitUntil(
      async () => {
        const { outcome } = await supervisor.run(version, callWith({}));
        return outcome.kind === "answered";
      },
      { interval: 0 },
    );
    tookMs.push(performance.now() - killedAt);
    expect(supervisor.pids()[0]?.pid).not.toBe(before?.pid);
  }
  const median = tookMs.toSorted((a, b) => a - b)[4] ?? Infinity;
  expect(median).toBeLessThan(50);
}, 30_000);

test("what a call wrote before its process was killed is kept", async () => {
  const { supervisor } = await startTestSupervisor();
  const source =
    "module.exports = (cb) => { console.log('one\\ntwo'); setTimeout(() => {}, 1e6); };";
  const running = supervisor.run(versionOf(source), callWith({}));
  await vi.waitUntil(() => supervisor.openCalls("acme") === 1);
  const other = versionOf(hello, "other@1");
  await supervisor.run(other, callWith({}));
  process.kill(supervisor.pids()[0]?.pid ?? 0, "SIGKILL");
  expect((await running).outcome).toMatchObject({
    failure: { reason: "executor_lost" },
    logs: { lines: [{ text: "one\\ntwo" }] },
  });
});

test("a heap that is full is told as one for memory, whether V8 ended its process for it or not", async () => {
  const { supervisor, killed } = await startTestSupervisor(
    {},
    { settingsOf: () => ({ ...defaultSettings, heapLimitMb: 16 }) },
  );
  const bomb = versionOf(
    "module.exports = (cb) => { const all = {}; for (let i = 0; ; i++) all['key' + i] = { i }; };",
  );
  const call = callWith({}, { syncMs: 5000, cpuMs: 5000, wallMs: 9000 });
  const { outcome } = await supervisor.run(bomb, call);
  expect(outcome).toMatchObject({ failure: { reason: "memory" } });
  expect(killed.filter((cause) => cause !== "memory")).toEqual([]);
});
