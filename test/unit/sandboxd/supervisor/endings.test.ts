/** What callers are told when their process ends, and who gets another try. */
import { expect, test, vi } from "vitest";
import {
  fakeLauncher,
  type FakeBehaviour,
} from "../../../support/fake-executors.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

async function start(behaviour: FakeBehaviour) {
  const launcher = fakeLauncher(behaviour);
  const parts = await startTestSupervisor({ poolSize: 2 }, { launcher });
  const call = (key: string) =>
    parts.supervisor.run(versionOf("", key), callWith({}));
  return { ...parts, launcher, call };
}

const memory = { how: "killed: 400 MB", isOutOfMemory: true };

test("a version alone in a process that ran out of memory is told so", async () => {
  const { call, killed } = await start({
    invoke: (executor) => executor.die(memory),
  });
  expect(await call("bomb@1")).toMatchObject({
    outcome: {
      failure: {
        reason: "memory",
        limit: { name: "memory_mb", value: 384 },
      },
    },
  });
  expect(killed).toEqual(["memory"]);
});

test.for([
  "ended by SIGABRT: FATAL ERROR: JavaScript heap out of memory",
  "exited with code 134: ",
])("V8's own abort is one for memory: %s", async (how) => {
  const { call, killed } = await start({
    invoke: (executor) => executor.die({ how }),
  });
  expect(await call("bomb@1")).toMatchObject({
    outcome: { failure: { reason: "memory" } },
  });
  expect(killed).toEqual(["memory"]);
});

test("whoever was beside a bomb is run again, and the bomb fails", async () => {
  const waits = new Map<string, number>();
  const { call, supervisor } = await start({
    invoke: (executor, request) => {
      const { version } = request;
      if (version.includes("bomb")) return executor.die(memory);
      const times = (waits.get(version) ?? 0) + 1;
      waits.set(version, times);
      if (times > 1) executor.answer(request);
    },
  });
  const innocent = call("a@1");
  await vi.waitUntil(() => supervisor.openCalls("acme") === 1);
  const [bomb, beside] = await Promise.all([call("bomb@1"), innocent]);
  expect(bomb).toMatchObject({ outcome: { failure: { reason: "memory" } } });
  expect(beside.outcome.kind).toBe("answered");
});

test("a version that was being loaded beside a death is loaded again elsewhere", async () => {
  let loads = 0;
  const { call, supervisor } = await start({
    invoke: (executor, request) => {
      if (!request.version.includes("wait")) executor.answer(request);
    },
    load: (executor, { id, version }) => {
      if (version.includes("a@1") && ++loads === 1) executor.die();
      else executor.loaded(id);
    },
  });
  void call("wait@1");
  await vi.waitUntil(() => supervisor.openCalls("acme") === 1);
  expect((await call("a@1")).outcome.kind).toBe("answered");
  expect(loads).toBe(2);
});
