/** Lines are kept wherever in a call's life they come. */
import { expect, test, vi } from "vitest";
import type { GuestLogs } from "../../../../sandboxd/supervisor/call.ts";
import { Executor } from "../../../../sandboxd/supervisor/executor.ts";
import { HostPipes } from "../../../../sandboxd/supervisor/host-pipes.ts";
import { createProcesses } from "../../../../sandboxd/supervisor/processes.ts";
import {
  fakeLauncher,
  type FakeBehaviour,
  type FakeExecutor,
} from "../../../support/fake-executors.ts";
import {
  ampleBudget,
  callWith,
  closedGate,
  startTestSupervisor,
  testStart,
  versionOf,
} from "../../../support/supervisor.ts";

function say(executor: FakeExecutor, { id }: { id: number }, text: string) {
  const lines = [{ level: "log" as const, timeMs: 1, text }];
  const names = { version: "", invocationId: "" };
  executor.send({ type: "logged", id, ...names, lines, dropped: 0 });
}

/** One executor and what it was heard to say late; a call in it is given up once it has said something. */
async function startGivenUp(behaviour: FakeBehaviour) {
  const launcher = fakeLauncher({
    invoke: (executor, request) => say(executor, request, "before"),
    ...behaviour,
  });
  const processes = createProcesses({
    launcher,
    budget: ampleBudget,
    returned: () => undefined,
  });
  const process = processes.launch({ memoryMb: 384, cpuPercent: 100 });
  if (!process) throw new Error("no process");
  const executor = new Executor({
    process,
    start: testStart,
    gate: closedGate,
    pipes: new HostPipes(),
    now: () => performance.now(),
  });
  await executor.ready();
  const late: (GuestLogs & { container: string })[] = [];
  executor.assign({
    warmth: () => undefined,
    loggedLate: (container, logs) => late.push({ container, ...logs }),
    exited: () => undefined,
  });
  const version = versionOf("");
  await executor.load(version, { timeoutMs: 500, heapLimitMb: 64 });
  const caller = new AbortController();
  const running = executor.run(version, callWith({}), caller.signal);
  await vi.waitUntil(() =>
    launcher.executors[0]?.requests.some(({ type }) => type === "invoke"),
  );
  await new Promise(setImmediate);
  caller.abort();
  return { outcome: await running, late };
}

test("lines between a call's being given up and its end are told late", async () => {
  const { outcome, late } = await startGivenUp({
    cancel: (executor, request) => {
      say(executor, request, "after");
      executor.send({ type: "cancelled", id: request.id });
    },
  });
  expect(outcome.logs?.lines).toMatchObject([{ text: "before" }]);
  await expect.poll(() => late).toHaveLength(1);
  expect(late).toMatchObject([
    { container: "acme", invocationId: "test", lines: [{ text: "after" }] },
  ]);
});

test("lines between a call's being given up and the end of its process are told late", async () => {
  const { late } = await startGivenUp({
    cancel: (executor, request) => {
      say(executor, request, "after");
      setImmediate(() => executor.die());
    },
  });
  await expect.poll(() => late).toMatchObject([{ lines: [{ text: "after" }] }]);
});

test("a call that is run again keeps what it wrote before", async () => {
  let runs = 0;
  const launcher = fakeLauncher({
    invoke: (executor, request) => {
      say(executor, request, `run ${++runs}`);
      if (runs === 2) return executor.answer(request);
      executor.send({ type: "displaced", id: request.id, effects: 0 });
    },
  });
  const { supervisor } = await startTestSupervisor({}, { launcher });
  const { outcome } = await supervisor.run(versionOf(""), callWith({}));
  expect(outcome).toMatchObject({
    kind: "answered",
    logs: {
      version: "hello@1",
      lines: [{ text: "run 1" }, { text: "run 2" }],
      dropped: 0,
    },
  });
});
