/** Requests outward, between an executor that may lie and a gate that is scripted. */
import { EventEmitter } from "node:events";
import { expect, test, vi } from "vitest";
import type {
  EgressReply,
  InvokeRequest,
} from "../../../../sandboxd/protocol.ts";
import {
  fakeLauncher,
  type FakeBehaviour,
  type FakeExecutor,
} from "../../../support/fake-executors.ts";
import { fakeGate, plainHead } from "../../../support/fake-gate.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

const mebibyte = 1024 * 1024;

function ask(
  executor: FakeExecutor,
  { id }: InvokeRequest,
  number = 1,
  changes: Partial<EgressReply> = {},
): void {
  executor.send({
    type: "egress",
    id,
    egress: number,
    method: "GET",
    url: "https://user:secret@example.com:8443/path?secret",
    headers: [["accept", "*/*"]],
    ...changes,
  });
}

async function start(
  invoke: NonNullable<FakeBehaviour["invoke"]>,
  gate = fakeGate(),
) {
  const launcher = fakeLauncher({ invoke });
  const parts = await startTestSupervisor({ poolSize: 2 }, { launcher, gate });
  const run = (options = {}, signal?: AbortSignal) =>
    parts.supervisor.run(versionOf(""), callWith({}, options), signal);
  return { ...parts, launcher, gate, run };
}

test("a request goes out under its container's name, and its answer comes back by what was pulled", async () => {
  const gate = fakeGate(({ sink }) => sink.head(plainHead));
  const { run, launcher } = await start((executor, request) => {
    ask(executor, request);
    const { id } = request;
    executor.send({ type: "egress-pull", id, egress: 1, bytes: 5 });
  }, gate);
  const running = run();
  await vi.waitUntil(() => gate.exchanges[0]?.pulledBytes === 5);
  const exchange = gate.exchanges[0];
  expect(exchange?.request).toMatchObject({
    container: "acme",
    invocationId: "test",
    method: "GET",
  });
  exchange?.sink.chunk(Buffer.from("hello"));
  exchange?.sink.end();
  const executor = launcher.executors[0];
  await vi.waitUntil(() =>
    executor?.requests.some(({ type }) => type === "egress-end"),
  );
  const invoke = executor?.requests.find(({ type }) => type === "invoke");
  if (invoke?.type === "invoke") executor?.answer(invoke);
  const { egress } = await running;
  expect(egress).toMatchObject([
    {
      origin: "https://example.com:8443",
      method: "GET",
      status: 200,
      receivedBytes: 5,
      outcome: "answered",
    },
  ]);
  expect(executor?.requests.map(({ type }) => type).slice(-3)).toEqual([
    "egress-head",
    "egress-chunk",
    "egress-end",
  ]);
});

test("what a call has open outward ends with its answer", async () => {
  const { run, gate } = await start((executor, request) => {
    ask(executor, request);
    executor.answer(request);
  });
  const { egress } = await run();
  expect(gate.exchanges.map(({ isAborted }) => isAborted)).toEqual([true]);
  expect(egress).toMatchObject([{ outcome: "aborted", status: 0 }]);
});

test("what a call has open outward ends when its caller gives it up", async () => {
  const { run, gate } = await start((executor, request) =>
    ask(executor, request),
  );
  const caller = new AbortController();
  const running = run({}, caller.signal);
  await vi.waitUntil(() => gate.exchanges.length === 1);
  caller.abort();
  expect((await running).outcome.kind).toBe("cancelled");
  expect(gate.exchanges[0]?.isAborted).toBe(true);
});

test("what a call has open outward ends with its process", async () => {
  const { run, gate } = await start((executor, request) => {
    ask(executor, request);
    setImmediate(() => executor.die());
  });
  expect((await run()).egress).toMatchObject([{ outcome: "aborted" }]);
  expect(gate.exchanges[0]?.isAborted).toBe(true);
});

test("a call that has sent something out is not run again, whatever its executor says of it", async () => {
  const displaced: number[] = [];
  const { run } = await start((executor, request) => {
    displaced.push(request.id);
    ask(executor, request);
    executor.send({ type: "displaced", id: request.id, effects: 0 });
  });
  const { outcome } = await run();
  expect(outcome).toMatchObject({ failure: { reason: "executor_lost" } });
  expect(displaced).toHaveLength(1);
});

test("a call that has sent nothing out is run again", async () => {
  const asked: number[] = [];
  const { run } = await start((executor, request) => {
    asked.push(request.id);
    if (asked.length > 1) executor.answer(request);
    else executor.send({ type: "displaced", id: request.id, effects: 0 });
  });
  expect((await run()).outcome.kind).toBe("answered");
});

test("an executor that does not read has no more let come", async () => {
  const { run, gate, launcher } = await start((executor, request) => {
    const { id } = request;
    for (let egress = 1; egress <= 4; egress++) {
      ask(executor, request, egress);
      const bytes = 30 * mebibyte;
      executor.send({ type: "egress-pull", id, egress, bytes });
    }
    executor.stopReading();
  });
  void run();
  await vi.waitUntil(() => gate.exchanges.length === 4);
  const arrivedBytes = gate.exchanges.map(() => 0);
  const deliver = () => {
    let sum = 0;
    for (const [index, { sink, pulledBytes }] of gate.exchanges.entries()) {
      const bytes = pulledBytes - (arrivedBytes[index] ?? 0);
      if (bytes > 0) sink.chunk(Buffer.alloc(bytes));
      arrivedBytes[index] = pulledBytes;
      sum += bytes;
    }
    return sum;
  };
  while (deliver() > 0);
  const sum = arrivedBytes.reduce((all, one) => all + one, 0);
  expect(sum).toBeGreaterThan(4 * mebibyte);
  expect(sum).toBeLessThan(6 * mebibyte);
  expect(Math.min(...arrivedBytes)).toBeGreaterThan(mebibyte / 2);
  expect(launcher.executors[0]?.isGone).toBe(false);
});

test("an answer goes on when the executor reads again", async () => {
  const { run, gate } = await start((executor, request) => {
    ask(executor, request);
    const { id } = request;
    const bytes = 30 * mebibyte;
    executor.send({ type: "egress-pull", id, egress: 1, bytes });
  });
  void run();
  await vi.waitUntil(() => gate.exchanges.length === 1);
  let arrivedBytes = 0;
  await vi.waitUntil(
    () => {
      const [exchange] = gate.exchanges;
      const bytes = (exchange?.pulledBytes ?? 0) - arrivedBytes;
      if (bytes > 0) exchange?.sink.chunk(Buffer.alloc(bytes));
      arrivedBytes += bytes;
      return arrivedBytes === 30 * mebibyte;
    },
    { interval: 0, timeout: 5000 },
  );
});

test("a chunk that nobody pulled is not passed on", async () => {
  const { run, gate, launcher } = await start((executor, request) =>
    ask(executor, request),
  );
  void run();
  await vi.waitUntil(() => gate.exchanges.length === 1);
  gate.exchanges[0]?.sink.chunk(Buffer.alloc(1));
  const sent = () =>
    launcher.executors.flatMap(({ requests }) =>
      requests.map(({ type }) => type),
    );
  await vi.waitUntil(() => sent().includes("egress-failure"));
  expect(sent()).not.toContain("egress-chunk");
  expect(gate.exchanges[0]?.isAborted).toBe(true);
});

test("a failure outside reaches the call, and its record says which", async () => {
  const gate = fakeGate(({ sink }) =>
    sink.failed({ kind: "denied", message: "not allowed" }),
  );
  const { run, launcher } = await start((executor, request) => {
    ask(executor, request);
    // Its own end comes once it was told.
    void vi
      .waitUntil(() =>
        executor.requests.some(({ type }) => type === "egress-failure"),
      )
      .then(() => executor.answer(request));
  }, gate);
  expect((await run()).egress).toMatchObject([{ outcome: "denied" }]);
  expect(launcher.executors[0]?.requests.at(-1)).toMatchObject({
    type: "egress-failure",
    failure: { message: "not allowed" },
  });
});

test("a call's records are bounded, and its requests one after the other are not: all of them are counted", async () => {
  let next = 1;
  const ended = new EventEmitter();
  const gate = fakeGate(({ sink }) => {
    sink.head(plainHead);
    sink.end();
    ended.emit("end");
  });
  const { run, killed } = await start((executor, request) => {
    ended.on("end", () =>
      next < 300 ? ask(executor, request, ++next) : executor.answer(request),
    );
    ask(executor, request, next);
  }, gate);
  const { egress, egressCounts } = await run();
  expect(egress).toHaveLength(100);
  expect(egressCounts).toMatchObject({ answered: { requests: 300 } });
  expect(gate.exchanges).toHaveLength(300);
  expect(killed).toEqual([]);
});
