/** What holds for a container's executors, and who shares them. */
import { expect, test, vi } from "vitest";
import type { ExecutorSettings } from "../../../../sandboxd/supervisor/settings.ts";
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

async function start(
  settings: Record<string, Partial<ExecutorSettings>>,
  behaviour: FakeBehaviour = {},
) {
  const launcher = fakeLauncher(behaviour);
  const parts = await startTestSupervisor(
    { poolSize: 2 },
    {
      launcher,
      settingsOf: (container) => ({
        ...defaultSettings,
        ...settings[container],
      }),
    },
  );
  const call = (container: string, key = "a@1") =>
    parts.supervisor.run(versionOf("", key, container), callWith({}));
  const executorOf = (container: string) => {
    const pids = parts.supervisor.pids();
    const found = pids.find((one) => one.container === container);
    return launcher.executors.find(({ pid }) => pid === found?.pid);
  };
  return { ...parts, settings, launcher, call, executorOf };
}

test("an executor may use what its container may, from when it is the container's", async () => {
  const { call, executorOf, launcher } = await start({
    acme: { memoryMb: 512, cpuPercent: 50, heapLimitMb: 96 },
  });
  expect(launcher.executors[0]?.limits.memoryMb).toBe(384);
  await call("acme");
  expect(executorOf("acme")?.limits).toEqual({ memoryMb: 512, cpuPercent: 50 });
  const load = executorOf("acme")?.requests.find(({ type }) => type === "load");
  expect(load).toMatchObject({ heapLimitMb: 96 });
});

test("a container's executors share its CPU", async () => {
  const { call, launcher, supervisor } = await start(
    { acme: { cpuPercent: 90 } },
    { invoke: () => undefined },
  );
  for (let i = 0; i < 32; i++) void call("acme");
  await vi.waitUntil(() => supervisor.openCalls("acme") === 32);
  void call("acme");
  await vi.waitUntil(() => supervisor.counts().assigned === 2);
  const shares = () =>
    launcher.executors
      .filter(({ isGone }) => !isGone)
      .map(({ limits }) => limits.cpuPercent);
  expect(shares().filter((share) => share === 45)).toHaveLength(2);
  launcher.executors[0]?.die();
  await vi.waitUntil(() => shares().includes(90));
});

test("changed settings hold for living executors", async () => {
  const { call, executorOf, settings, supervisor } = await start({});
  await call("acme");
  settings["acme"] = { memoryMb: 200, cpuPercent: 10 };
  supervisor.settingsChanged("acme");
  expect(executorOf("acme")?.limits).toEqual({ memoryMb: 200, cpuPercent: 10 });
});

const friends = {
  ann: { trustGroup: "friends", memoryMb: 200 },
  bob: { trustGroup: "friends", memoryMb: 300 },
};

test("containers of a trust group share an executor, which may use what the largest may", async () => {
  const { call, supervisor, executorOf, warm } = await start(friends);
  await call("ann");
  await call("bob");
  await call("eve");
  expect(executorOf("ann")?.pid).toBe(executorOf("bob")?.pid);
  expect(executorOf("eve")?.pid).not.toBe(executorOf("bob")?.pid);
  expect(executorOf("ann")?.limits.memoryMb).toBe(300);
  expect([...warm].toSorted()).toEqual(["ann/a@1", "bob/a@1", "eve/a@1"]);
  expect(supervisor.isWarm("ann", "a@1")).toBe(true);
  const loads = executorOf("ann")?.requests.flatMap((request) =>
    request.type === "load" ? [[request.container, request.version]] : [],
  );
  expect(loads).toEqual([
    ["ann", "ann/a@1"],
    ["bob", "bob/a@1"],
  ]);
});

const dieOfBad: FakeBehaviour = {
  invoke: (executor, request) => {
    if (request.version.includes("bad")) executor.die();
    else executor.answer(request);
  },
};

test("a container that ends the shared executor is moved out alone, until its settings change", async () => {
  const { call, executorOf, supervisor } = await start(friends, dieOfBad);
  await call("ann");
  await call("bob", "bad@1");
  await call("bob");
  await call("ann");
  expect(executorOf("ann")?.pid).not.toBe(executorOf("bob")?.pid);
  const alone = executorOf("bob")?.pid;
  supervisor.settingsChanged("bob");
  await call("bob");
  expect(executorOf("ann")?.requests.at(-1)).toMatchObject({
    version: "bob/a@1",
  });
  await vi.waitUntil(() => supervisor.pids().every(({ pid }) => pid !== alone));
});

test("a container that ends the shared executor is moved out alone, whoever has calls in it", async () => {
  const trusting = { trustGroup: "friends" };
  const names = ["ann", "bob", "cid", "mal"];
  const { call, executorOf, supervisor } = await start(
    Object.fromEntries(names.map((name) => [name, trusting])),
    {
      invoke: (executor, request) => {
        if (request.version.includes("bad")) executor.die();
        else if (!request.version.includes("wait")) executor.answer(request);
      },
    },
  );
  const innocents = names.filter((name) => name !== "mal");
  for (let round = 0; round < 3; round++) {
    for (const name of names) await call(name);
    const waiting = innocents.map((name) => call(name, "wait@1"));
    const openCalls = () =>
      innocents.filter((name) => supervisor.openCalls(name) > 0).length;
    await vi.waitUntil(() => openCalls() === innocents.length);
    const shared = executorOf("ann");
    await call("mal", "bad@1");
    if (shared?.isGone !== true) shared?.die();
    await Promise.all(waiting);
  }
  for (const name of names) await call(name);
  const pids = names.map((name) => executorOf(name)?.pid);
  const [ann, bob, cid, mal] = pids;
  expect([bob, cid]).toEqual([ann, ann]);
  expect(mal).not.toBe(ann);
});

test("a container that leaves its trust group leaves nothing behind", async () => {
  const { call, executorOf, supervisor, settings, launcher } = await start({
    ...friends,
  });
  await call("ann");
  await call("bob");
  const shared = executorOf("ann");
  settings["bob"] = {};
  supervisor.settingsChanged("bob");
  expect(shared?.requests.at(-1)).toEqual({
    type: "unload",
    version: "bob/a@1",
  });
  await call("bob");
  expect(executorOf("bob")?.pid).not.toBe(shared?.pid);
  expect(launcher.executors.some(({ isGone }) => isGone)).toBe(false);
});

test("a call under way when its container joins a trust group goes on as it was, and its executor ends after it", async () => {
  const { call, executorOf, supervisor, settings } = await start(
    { ann: {} },
    { invoke: () => undefined },
  );
  const running = call("ann");
  await vi.waitUntil(() => supervisor.openCalls("ann") === 1);
  const alone = executorOf("ann");
  settings["ann"] = { trustGroup: "friends" };
  supervisor.settingsChanged("ann");
  expect(alone?.limits).toEqual({ memoryMb: 384, cpuPercent: 100 });
  expect(supervisor.openCalls("ann")).toBe(1);
  const invoke = alone?.requests.find(({ type }) => type === "invoke");
  if (invoke?.type === "invoke") alone?.answer(invoke);
  expect((await running).outcome.kind).toBe("answered");
  await vi.waitUntil(() => alone?.isGone === true);
});
