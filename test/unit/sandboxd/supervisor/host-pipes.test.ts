/** Executors that do not read: what all of them together may keep in this process. */
import { expect, test, vi } from "vitest";
import {
  fakeLauncher,
  type FakeExecutor,
} from "../../../support/fake-executors.ts";
import { fakeGate, type FakeExchange } from "../../../support/fake-gate.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

const mebibyte = 1024 * 1024;
const patient = { wallMs: 60_000, syncMs: 60_000 };

function ask(executor: FakeExecutor, id: number, egress: number): void {
  executor.send({
    type: "egress",
    id,
    egress,
    method: "GET",
    url: "http://example.com/",
    headers: [],
  });
  const bytes = mebibyte;
  executor.send({ type: "egress-pull", id, egress, bytes });
}

/** As much as was let come, until no more is. */
function deliverAll(exchanges: readonly FakeExchange[]): number {
  let sentBytes = 0;
  for (let isMore = true; isMore;) {
    isMore = false;
    for (const exchange of exchanges) {
      const bytes = exchange.pulledBytes;
      if (bytes === 0 || exchange.isAborted) continue;
      exchange.pulledBytes = 0;
      exchange.sink.chunk(Buffer.alloc(bytes));
      sentBytes += bytes;
      isMore = true;
    }
  }
  return sentBytes;
}

test("answers from outside that nobody reads are bounded for all executors together", async () => {
  const executorCount = 6;
  const callCount = 24;
  const gate = fakeGate();
  const launcher = fakeLauncher({
    invoke: (executor, { id }) => {
      for (let egress = 0; egress < 16; egress++) ask(executor, id, egress);
    },
  });
  const { supervisor } = await startTestSupervisor(
    { poolSize: executorCount },
    { launcher, gate },
  );
  for (let i = 0; i < executorCount; i++)
    for (let call = 0; call < callCount; call++) {
      const version = versionOf("", "hello@1", `c${i}`);
      void supervisor.run(version, callWith({}, patient));
    }
  const asked = executorCount * callCount * 16;
  await vi.waitUntil(() => gate.exchanges.length === asked);
  for (const executor of launcher.executors) executor.stopReading();
  // Each was let have a megabyte whatever the others have.
  const bound = (64 + executorCount) * mebibyte;
  const sentBytes = deliverAll(gate.exchanges);
  expect(sentBytes).toBeGreaterThan(16 * mebibyte);
  expect(sentBytes).toBeLessThan(bound);
});

test("what waits for the pipes of others goes on when one of them is gone", async () => {
  const gate = fakeGate();
  const launcher = fakeLauncher({
    invoke: (executor, { id }) => {
      for (let egress = 0; egress < 16; egress++) ask(executor, id, egress);
    },
  });
  const { supervisor } = await startTestSupervisor(
    { poolSize: 2 },
    { launcher, gate },
  );
  const run = (container: string) =>
    void supervisor.run(
      versionOf("", "hello@1", container),
      callWith({}, patient),
    );
  // 16 requests of 256 KiB each: 17 calls hold all there is.
  for (let call = 0; call < 17; call++) run("greedy");
  await vi.waitUntil(() => gate.exchanges.length === 17 * 16);
  run("modest");
  await vi.waitUntil(() => gate.exchanges.length === 18 * 16);
  const pulledBy = (name: string) =>
    gate.exchanges
      .filter(({ request }) => request.container === name)
      .reduce((sum, { pulledBytes }) => sum + pulledBytes, 0);
  await vi.waitUntil(() => pulledBy("modest") > 0);
  expect(pulledBy("modest")).toBe(mebibyte);
  const [greedy] = supervisor
    .pids()
    .filter(({ container }) => container === "greedy");
  launcher.executors.find(({ pid }) => pid === greedy?.pid)?.die();
  await expect.poll(() => pulledBy("modest")).toBe(4 * mebibyte);
});

test("calls to executors that do not read are refused once all of them keep too much", async () => {
  const launcher = fakeLauncher({
    invoke: (executor, request) => {
      if (request.version.startsWith("canary/")) executor.answer(request);
      else executor.stopReading();
    },
  });
  const { supervisor } = await startTestSupervisor(
    { poolSize: 7 },
    { launcher },
  );
  const payload = Buffer.alloc(4 * mebibyte);
  const refused: unknown[] = [];
  for (let i = 0; i < 6; i++)
    for (let call = 0; call < 7; call++) {
      const version = versionOf("", "hello@1", `c${i}`);
      const asked = { ...callWith({}, patient), payload };
      void supervisor.run(version, asked).then(({ outcome }) => {
        if (outcome.kind === "failed") refused.push(outcome.failure);
      });
      await new Promise(setImmediate);
    }
  await vi.waitUntil(() => refused.length > 0);
  expect(refused[0]).toMatchObject({
    reason: "concurrency",
    limit: { name: "host_pipe_bytes", value: 64 * mebibyte },
  });
  // Of 42 calls of 4 MiB those were taken that the bound has room for, one that was read and one that went over it each.
  await expect
    .poll(() => refused.length)
    .toBeGreaterThanOrEqual(42 - 16 - 2 * 6);
  const canary = versionOf("", "hello@1", "canary");
  const { outcome } = await supervisor.run(canary, callWith({}));
  expect(outcome.kind).toBe("answered");
});
