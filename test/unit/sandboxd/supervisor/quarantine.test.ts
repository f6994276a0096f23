import { expect, test, vi } from "vitest";
import { Quarantine } from "../../../../sandboxd/supervisor/quarantine.ts";
import {
  fakeLauncher,
  type FakeBehaviour,
} from "../../../support/fake-executors.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

async function start(behaviour: FakeBehaviour, config = {}) {
  const launcher = fakeLauncher(behaviour);
  const parts = await startTestSupervisor(
    { poolSize: 2, quarantineAfter: 3, ...config },
    { launcher },
  );
  const call = (key: string, options = {}) =>
    parts.supervisor.run(versionOf("", key), callWith({}, options));
  return { ...parts, launcher, call };
}

/** Ends its executor when a version of this name is called; others wait. */
const killer: FakeBehaviour = {
  invoke(executor, request) {
    if (request.version.includes("bad")) executor.die();
    else if (request.version.includes("good")) executor.answer(request);
  },
};

test("a version that ends its executors again and again is reported once, with how", async () => {
  const { call, quarantined } = await start(killer);
  for (let i = 0; i < 2; i++) await call("bad@1");
  expect(quarantined).toEqual([]);
  await call("bad@1");
  expect(quarantined).toEqual([
    {
      version: "acme/bad@1",
      message: expect.stringMatching(/3 times within 60 s.*exited with code 1/),
    },
  ]);
});

test("a version that is released and goes on is reported again", async () => {
  const { call, quarantined } = await start(killer);
  for (let i = 0; i < 6; i++) await call("bad@1");
  expect(quarantined).toHaveLength(2);
});

test("strikes that are too long ago do not count", () => {
  let nowMs = 0;
  const told: string[] = [];
  const quarantine = new Quarantine({
    after: 3,
    windowMs: 1000,
    now: () => nowMs,
    quarantined: ({ key }) => told.push(key),
  });
  const strike = () => {
    const version = { container: "acme", key: "bad@1", name: "acme/bad@1" };
    const suspects = [{ ...version, sentMs: nowMs }];
    quarantine.strike({ pid: 1, cause: "exited", how: "gone", suspects });
  };
  for (; nowMs < 5000; nowMs += 600) strike();
  expect(told).toEqual([]);
  strike();
  strike();
  expect(told).toEqual(["bad@1"]);
});

test("calls that were under way when a version was reported do not count against it again", async () => {
  const { call, quarantined } = await start({
    invoke: (executor, request) => {
      if (request.version.includes("bad")) setTimeout(() => executor.die(), 5);
    },
  });
  await Promise.all(Array.from({ length: 20 }, () => call("bad@1")));
  await call("bad@1");
  await call("bad@1");
  expect(quarantined).toHaveLength(1);
});

test("whoever merely ran beside the guilty one is never quarantined", async () => {
  const { call, quarantined, supervisor } = await start(killer);
  // Innocents that are open whenever an executor dies, in whichever it is.
  const isOver = new AbortController();
  const waiting = ["a@1", "b@1", "c@1"].map(async (key) => {
    while (!isOver.signal.aborted)
      await supervisor.run(versionOf("", key), callWith({}), isOver.signal);
  });
  for (let i = 0; i < 40 && quarantined.length === 0; i++) {
    await vi.waitUntil(() => supervisor.openCalls("acme") >= 3);
    await call("bad@1");
  }
  isOver.abort();
  await Promise.all(waiting);
  expect(quarantined.map(({ version }) => version)).toEqual(["acme/bad@1"]);
});

test("the suspect has one executor beyond those of its container, and no more", async () => {
  const { call, supervisor, launcher } = await start({
    invoke: (executor, request) => {
      if (request.version.includes("bad")) executor.die();
    },
  });
  void call("a@1");
  await vi.waitUntil(() => supervisor.openCalls("acme") === 1);
  await call("bad@1");
  void call("a@1");
  await vi.waitUntil(() => supervisor.openCalls("acme") === 1);
  const shared = supervisor.pids().map(({ pid }) => pid);
  await call("bad@1");
  // It was apart: who waits elsewhere was not hurt.
  expect(supervisor.pids().map(({ pid }) => pid)).toEqual(shared);
  expect(launcher.executors.filter(({ isGone }) => isGone)).toHaveLength(2);
});

test("of a hung process only what was past its time is suspected", async () => {
  const { call, quarantined, killed } = await start(
    {
      invoke: () => undefined,
      cancel: () => undefined,
    },
    { quarantineAfter: 1 },
  );
  void call("good@1", { wallMs: 10_000, syncMs: 10 });
  await call("hung@1", { wallMs: 50, syncMs: 10 });
  await vi.waitUntil(() => killed.length === 1, { timeout: 5000 });
  expect(quarantined.map(({ version }) => version)).toEqual(["acme/hung@1"]);
});

test("code of a request that ends its executors is refused for a while", async () => {
  const { call, quarantined, launcher } = await start(killer);
  for (let i = 0; i < 3; i++) await call("inline:bad");
  const ended = launcher.executors.filter(({ isGone }) => isGone).length;
  expect(await call("inline:bad")).toMatchObject({
    outcome: { failure: { reason: "quarantined" } },
  });
  expect(launcher.executors.filter(({ isGone }) => isGone)).toHaveLength(ended);
  expect((await call("inline:good")).outcome.kind).toBe("answered");
  expect(quarantined).toEqual([]);
});

test("a version that ends its executor while it is loaded is suspected too", async () => {
  const { call, quarantined } = await start({
    load: (executor, { version, id }) => {
      if (version.includes("bad")) executor.die();
      else executor.loaded(id);
    },
  });
  for (let i = 0; i < 3; i++) await call("bad@1");
  expect(quarantined).toMatchObject([{ version: "acme/bad@1" }]);
});

test("a call that was given up and still runs is suspected too", async () => {
  const { quarantined, supervisor, launcher } = await start({
    invoke: () => undefined,
    cancel: (executor) => executor.die(),
  });
  for (let i = 0; i < 3; i++) {
    const caller = new AbortController();
    const version = versionOf("", "bad@1");
    const running = supervisor.run(version, callWith({}), caller.signal);
    await vi.waitUntil(() => supervisor.openCalls("acme") === 1);
    caller.abort();
    expect((await running).outcome.kind).toBe("cancelled");
    await vi.waitUntil(() => supervisor.openCalls("acme") === 0);
  }
  expect(launcher.executors.filter(({ isGone }) => isGone)).toHaveLength(3);
  expect(quarantined).toMatchObject([{ version: "acme/bad@1" }]);
});

test("breaking the protocol counts as ending the executor", async () => {
  const { call, quarantined } = await start({
    invoke: (executor) => executor.sendBytes(Buffer.alloc(64, 0xff)),
  });
  for (let i = 0; i < 3; i++) await call("bad@1");
  expect(quarantined).toMatchObject([
    { message: expect.stringContaining("broke the protocol") },
  ]);
});

const lastWords =
  "FATAL ERROR: JavaScript heap out of memory\n0: /srv/secret/path";

test.for([
  [`ended by SIGABRT: ${lastWords}`, "out of memory"],
  ["ended by SIGSEGV: /srv/secret/path", "ended by SIGSEGV"],
  ["exited with code 7: /srv/secret/path", "exited with code 7"],
  ["secret words alone", "it ended"],
])("of %j authors are told no more than %j", async ([how = "", told]) => {
  const { call, quarantined } = await start({
    invoke: (executor) => executor.die({ how }),
  });
  for (let i = 0; i < 3; i++) await call("bad@1");
  expect(quarantined.map(({ message }) => message)).toEqual([
    `it ended its executor 3 times within 60 s, the last time like this: ${told}`,
  ]);
});

test("what an executor said as it broke the protocol is not told to authors", async () => {
  const { call, quarantined } = await start({
    invoke: (executor) => {
      const frame = Buffer.concat([Buffer.alloc(8), Buffer.from("secret")]);
      frame.writeUInt32BE(6, 0);
      frame.writeUInt32BE(6, 4);
      executor.sendBytes(frame);
    },
  });
  for (let i = 0; i < 3; i++) await call("bad@1");
  expect(quarantined[0]?.message).toMatch(/like this: it broke the protocol$/);
});
