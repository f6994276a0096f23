/** Memory and number of all executors together. */
import { expect, test, vi } from "vitest";
import type { MemoryBudget } from "../../../../sandboxd/supervisor/processes.ts";
import {
  fakeLauncher,
  type FakeBehaviour,
} from "../../../support/fake-executors.ts";
import {
  callWith,
  defaultSettings,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

function budgetOf(largestMb: number): MemoryBudget {
  let spentMb = 0;
  return {
    largestMb,
    get spentMb() {
      return spentMb;
    },
    take(memoryMb) {
      if (spentMb + memoryMb > largestMb) return undefined;
      spentMb += memoryMb;
      return () => {
        spentMb -= memoryMb;
      };
    },
  };
}

const waits: FakeBehaviour = {
  invoke: (executor, request) => {
    if (!request.version.includes("wait")) executor.answer(request);
  },
};

async function start(
  options: { budgetMb?: number; config?: object; settings?: object } = {},
) {
  const budget = budgetOf(options.budgetMb ?? 10_000);
  const launcher = fakeLauncher(waits);
  const parts = await startTestSupervisor(
    { memoryMb: 100, ...options.config },
    {
      launcher,
      budget,
      settingsOf: () => ({
        ...defaultSettings,
        memoryMb: 100,
        ...options.settings,
      }),
    },
  );
  const call = (container: string, key = "a@1") =>
    parts.supervisor.run(versionOf("", key, container), callWith({}));
  const alive = () => launcher.executors.filter(({ isGone }) => !isGone);
  return { ...parts, launcher, budget, call, alive };
}

test("every process holds what it may use until it is gone", async () => {
  const { budget, call, supervisor } = await start({ config: { poolSize: 2 } });
  expect(budget.spentMb).toBe(200);
  await call("acme");
  await vi.waitUntil(() => budget.spentMb === 300);
  await supervisor.close();
  await vi.waitUntil(() => budget.spentMb === 0);
});

test("the pool keeps fewer ready where there is no memory for more", async () => {
  const { supervisor, call, budget } = await start({
    budgetMb: 250,
    config: { poolSize: 5 },
  });
  await vi.waitUntil(() => supervisor.counts().ready === 2);
  expect((await call("a")).outcome.kind).toBe("answered");
  expect((await call("b")).outcome.kind).toBe("answered");
  expect(supervisor.counts().ready).toBe(0);
  expect(budget.spentMb).toBe(200);
});

test("where the memory is spent the longest unused idle executor gives way", async () => {
  const { call, supervisor } = await start({ budgetMb: 250 });
  await call("a");
  await call("b");
  expect((await call("c")).outcome.kind).toBe("answered");
  expect(supervisor.pids().map(({ container }) => container)).toEqual([
    "b",
    "c",
  ]);
});

test("where all that have the memory are busy the call is refused with the limit's name", async () => {
  const { call, supervisor } = await start({ budgetMb: 250 });
  void call("a", "wait@1");
  void call("b", "wait@1");
  await vi.waitUntil(
    () => supervisor.openCalls("a") + supervisor.openCalls("b") === 2,
  );
  expect((await call("c")).outcome).toMatchObject({
    failure: {
      reason: "concurrency",
      limit: { name: "host_memory_mb", value: 250, observed: 300 },
    },
  });
});

test("a container that may use more than another takes it from the pool", async () => {
  const { call, budget, alive } = await start({
    budgetMb: 300,
    config: { poolSize: 3 },
    settings: { memoryMb: 250 },
  });
  expect((await call("big")).outcome.kind).toBe("answered");
  expect(alive().map(({ limits }) => limits.memoryMb)).toEqual([250]);
  expect(budget.spentMb).toBe(250);
});

test("no container has more memory than the host", async () => {
  const { call, alive } = await start({
    budgetMb: 300,
    settings: { memoryMb: 5000 },
  });
  expect((await call("big")).outcome.kind).toBe("answered");
  expect(alive().map(({ limits }) => limits.memoryMb)).toEqual([300]);
});

test("where all executors a host may have are busy the call is refused with the limit's name", async () => {
  const { call, supervisor } = await start({ config: { maxExecutors: 1 } });
  void call("a", "wait@1");
  await vi.waitUntil(() => supervisor.openCalls("a") === 1);
  expect((await call("b")).outcome).toMatchObject({
    failure: {
      reason: "concurrency",
      limit: { name: "max_executors", value: 1, observed: 2 },
    },
  });
});

test("of many first calls at once as many run as a host may have executors, and the rest are refused", async () => {
  const { call, supervisor } = await start({
    config: { maxExecutors: 3, poolSize: 1 },
  });
  const limits: unknown[] = [];
  for (let i = 0; i < 10; i++)
    void call(`c${i}`, "wait@1").then(({ outcome }) =>
      limits.push(outcome.kind === "failed" && outcome.failure.limit?.name),
    );
  await vi.waitUntil(() => limits.length === 7);
  expect(new Set(limits)).toEqual(new Set(["max_executors"]));
  expect(supervisor.counts().assigned).toBe(3);
});

test("a check is refused for want of memory, not the version", async () => {
  const { supervisor, call } = await start({ budgetMb: 100 });
  void call("a", "wait@1");
  await vi.waitUntil(() => supervisor.openCalls("a") === 1);
  await expect(supervisor.check(versionOf(""))).rejects.toMatchObject({
    code: "unavailable",
  });
});
