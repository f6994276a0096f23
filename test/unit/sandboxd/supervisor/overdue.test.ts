/** Executors that are heard of again and again and still never end what they were given. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
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

beforeEach(
  () =>
    void vi.useFakeTimers({
      toFake: [
        "setInterval",
        "clearInterval",
        "setTimeout",
        "clearTimeout",
        "performance",
      ],
    }),
);
afterEach(() => void vi.useRealTimers());

/** It says a word now and then, for as long as it lives. */
const chatter: FakeBehaviour["invoke"] = (executor) => {
  const chat = setInterval(() => executor.send({ type: "ready" }), 200);
  const isOver = () => executor.isGone && clearInterval(chat);
  setInterval(isOver, 200).unref();
};

test("a call past its time that is never ended costs its executor, whatever that says meanwhile", async () => {
  const launcher = fakeLauncher({
    invoke: chatter,
    cancel: () => undefined,
  });
  const { supervisor, killed } = await startTestSupervisor({}, { launcher });
  const call = callWith({}, { wallMs: 300 });
  const running = supervisor.run(versionOf(""), call);
  await vi.advanceTimersByTimeAsync(5000);
  expect((await running).outcome).toMatchObject({
    failure: { reason: "wall_time" },
  });
  expect(killed).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(killed).toEqual(["overdue"]);
});

test("a call past its time may wait while others end, but not for ever", async () => {
  const launcher = fakeLauncher({
    invoke: (executor, request) => {
      if (!request.version.includes("stuck")) executor.answer(request);
    },
    cancel: () => undefined,
  });
  const { supervisor, killed } = await startTestSupervisor(
    { maxAgeMs: Infinity },
    { launcher, settingsOf: () => ({ ...defaultSettings, maxExecutors: 1 }) },
  );
  const stuck = versionOf("", "stuck@1");
  void supervisor.run(stuck, callWith({}, { wallMs: 300 }));
  for (let i = 0; i < 200; i++) {
    const beside = supervisor.run(versionOf(""), callWith({}));
    await vi.advanceTimersByTimeAsync(100);
    expect((await beside).outcome.kind).toBe("answered");
    await vi.advanceTimersByTimeAsync(400);
  }
  expect(killed).toEqual([]);
  for (let i = 0; i < 60; i++) {
    const beside = supervisor.run(versionOf(""), callWith({}));
    await vi.advanceTimersByTimeAsync(100);
    expect((await beside).outcome.kind).toBe("answered");
    await vi.advanceTimersByTimeAsync(400);
  }
  expect(killed).toEqual(["overdue"]);
});

test("a version that never comes to be loaded costs its executor, whatever that says meanwhile", async () => {
  const launcher = fakeLauncher({
    load: (executor) => {
      setInterval(() => executor.send({ type: "ready" }), 200);
    },
  });
  const { supervisor, killed } = await startTestSupervisor({}, { launcher });
  void supervisor.run(versionOf(""), callWith({}, { wallMs: 300 }));
  await vi.advanceTimersByTimeAsync(5000);
  expect(killed).toEqual([]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(killed).toEqual(["overdue"]);
});

test("executors too old for another call count among those a container may have", async () => {
  const launcher = fakeLauncher({
    invoke: chatter,
    cancel: () => undefined,
  });
  const { supervisor } = await startTestSupervisor(
    { maxAgeMs: 100 },
    { launcher },
  );
  const reasons: unknown[] = [];
  for (let round = 0; round < 5; round++) {
    const call = callWith({}, { wallMs: 300 });
    const running = supervisor.run(versionOf(""), call);
    await vi.advanceTimersByTimeAsync(500);
    const { outcome } = await running;
    reasons.push(outcome.kind === "failed" && outcome.failure.reason);
  }
  expect(reasons).toEqual([
    ...Array<string>(3).fill("wall_time"),
    ...Array<string>(2).fill("concurrency"),
  ]);
  expect(supervisor.counts().assigned).toBe(3);
});
