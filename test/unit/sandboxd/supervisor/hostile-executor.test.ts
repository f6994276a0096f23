/** A39: what a taken-over executor may say on its pipe, and that it harms only itself. */
import { expect, onTestFinished, test } from "vitest";
import { maxEgressBodyBytes } from "../../../../sandboxd/egress-bounds.ts";
import { encodeFrame, maxHeadBytes } from "../../../../sandboxd/frames.ts";
import type {
  ExecutorReply,
  InvokeRequest,
} from "../../../../sandboxd/protocol.ts";
import {
  fakeLauncher,
  type FakeExecutor,
} from "../../../support/fake-executors.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../../../support/supervisor.ts";

type Attack = (executor: FakeExecutor, request: InvokeRequest) => void;

const answer = (id: number): ExecutorReply => ({
  type: "answered",
  id,
  contentType: "",
  httpStatus: 200,
  headers: [],
  runUs: 1,
});
const logged = (id: number, text: string): ExecutorReply => ({
  type: "logged",
  id,
  version: "canary/hello@1",
  invocationId: "forged",
  lines: [{ level: "log", timeMs: 1, text }],
  dropped: 0,
});
const egress = (id: number, number: number): ExecutorReply => ({
  type: "egress",
  id,
  egress: number,
  method: "GET",
  url: "http://example.com/",
  headers: [],
});

/** What ends the process that says it. */
const breaches: Record<string, Attack> = {
  "a frame longer than any may be": (executor) => {
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32BE(31 * 1024 * 1024, 0);
    executor.sendBytes(prefix);
  },
  "a head longer than any may be": (executor) => {
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32BE(2 * 1024 * 1024, 0);
    prefix.writeUInt32BE(2 * 1024 * 1024, 4);
    executor.sendBytes(prefix);
  },
  "a head that is not JSON": (executor) => {
    const frame = Buffer.concat([Buffer.alloc(8), Buffer.from("{nope")]);
    frame.writeUInt32BE(5, 0);
    frame.writeUInt32BE(5, 4);
    executor.sendBytes(frame);
  },
  "a reply nobody knows": (executor) =>
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it lies
    executor.send({ type: "shutdown" } as unknown as ExecutorReply),
  "a result over its bound": (executor, { id }) =>
    executor.send(answer(id), Buffer.alloc(7 * 1024 * 1024)),
  "word that a call ended which nobody gave up": (executor, { id }) =>
    executor.send({ type: "cancelled", id }),
  "a body where none belongs": (executor, { id }) =>
    executor.send({ type: "cancelled", id }, Buffer.alloc(1024)),
  "a flood of answers to calls that are not open": (executor) => {
    for (let id = 1000; id < 12_000; id++) executor.send(answer(id));
  },
  "a few large answers to calls that are not open": (executor) => {
    for (let id = 1000; id < 1002; id++)
      executor.send(answer(id), Buffer.alloc(1024 * 1024));
  },
  "a flood of lines for an open call": (executor, { id }) => {
    for (let i = 0; i < 20_000; i++) executor.send(logged(id, ""));
  },
  "long lines without end for an open call": (executor, { id }) => {
    for (let i = 0; i < 20; i++)
      executor.send(logged(id, "x".repeat(500 * 1024)));
  },
  "readiness, again and again": (executor) => {
    for (let i = 0; i < 5000; i++) executor.send({ type: "ready" });
  },
  "a flood of requests outward for a closed call": (executor) => {
    for (let i = 0; i < 5000; i++) executor.send(egress(1000, i));
  },
  "more requests outward than may be open": (executor, { id }) => {
    for (let i = 0; i < 17; i++) executor.send(egress(id, i));
  },
  "a request outward with a number used before": (executor, { id }) => {
    executor.send(egress(id, 1));
    executor.send({ type: "egress-abort", id, egress: 1 });
    executor.send(egress(id, 1));
  },
  "a request outward with too long a URL": (executor, { id }) =>
    executor.send({
      ...egress(id, 1),
      url: `http://example.com/${"x".repeat(16 * 1024)}`,
    } as ExecutorReply),
  "a request outward with too large a body": (executor, { id }) =>
    executor.send(egress(id, 1), Buffer.alloc(maxEgressBodyBytes + 1)),
  "pulls without end": (executor, { id }) => {
    executor.send(egress(id, 1));
    for (let i = 0; i < 5000; i++)
      executor.send({ type: "egress-pull", id, egress: 1, bytes: 1 });
  },
  "pulls with long heads": (executor, { id }) => {
    executor.send(egress(id, 1));
    const pull = `"type":"egress-pull","id":${id},"egress":1,"bytes":0`;
    executor.sendBytes(frameOf(`{${pull}${manyNames}}`));
  },
  "a pull of more than any answer": (executor, { id }) => {
    executor.send(egress(id, 1));
    const bytes = 2 ** 40;
    executor.send({ type: "egress-pull", id, egress: 1, bytes });
  },
};

/** Of the longest head there may be: names that occur once each, which are the slowest to parse. */
const manyNames = namesOf(maxHeadBytes - 1024);

function namesOf(chars: number): string {
  let names = "";
  for (let i = 0; names.length < chars; i++) names += `,"n${i.toString(36)}":0`;
  return names;
}

function frameOf(json: string): Buffer {
  const head = Buffer.from(json);
  const frame = Buffer.alloc(8 + head.length);
  frame.writeUInt32BE(head.length, 0);
  frame.writeUInt32BE(head.length, 4);
  frame.set(head, 8);
  return frame;
}

/** One hostile container and a canary in a process of its own. */
async function startBeside(attack: Attack) {
  const launcher = fakeLauncher({
    invoke: (executor, request) =>
      request.version.startsWith("hostile/")
        ? attack(executor, request)
        : executor.answer(request, "canary"),
  });
  const parts = await startTestSupervisor({ poolSize: 2 }, { launcher });
  const canary = async () => {
    const version = versionOf("", "hello@1", "canary");
    const { outcome } = await parts.supervisor.run(version, callWith({}));
    return outcome.kind === "answered" && outcome.payload.toString();
  };
  await canary();
  const attacked = () =>
    parts.supervisor.run(versionOf("", "bad@1", "hostile"), callWith({}));
  return { ...parts, launcher, canary, attacked };
}

test.for(Object.entries(breaches))(
  "%s ends the process that sends it, and nobody else's",
  async ([, attack]) => {
    const { canary, attacked, killed, supervisor } = await startBeside(attack);
    const canaryPid = pidOf("canary");
    function pidOf(name: string) {
      return supervisor.pids().find(({ container }) => container === name)?.pid;
    }
    const { outcome } = await attacked();
    expect(outcome).toMatchObject({ failure: { reason: "executor_lost" } });
    expect(killed).toEqual(["protocol"]);
    expect(await canary()).toBe('"canary"');
    expect(pidOf("canary")).toBe(canaryPid);
  },
);

test("an answer to another container's call is nobody's", async () => {
  const { supervisor, launcher, killed, attacked } = await startBeside(
    (executor, request) => {
      for (let id = 0; id < 100; id++)
        if (id !== request.id) executor.send(answer(id), Buffer.from("forged"));
      setImmediate(() => executor.answer(request, "own"));
    },
  );
  const version = versionOf("", "slow@1", "canary");
  const honest = supervisor.run(version, callWith({}));
  const { outcome } = await attacked();
  expect(outcome.kind === "answered" && outcome.payload.toString()).toBe(
    '"own"',
  );
  const { outcome: canary } = await honest;
  expect(canary.kind === "answered" && canary.payload.toString()).toBe(
    '"canary"',
  );
  expect(killed).toEqual([]);
  expect(launcher.executors.filter(({ isGone }) => isGone)).toEqual([]);
});

test("a second answer to the same call is dropped", async () => {
  const { attacked, killed } = await startBeside((executor, request) => {
    executor.answer(request, "first");
    executor.answer(request, "second");
  });
  for (let round = 0; round < 3; round++) {
    const { outcome } = await attacked();
    expect(outcome.kind === "answered" && outcome.payload.toString()).toBe(
      '"first"',
    );
  }
  expect(killed).toEqual([]);
});

test("whose lines they are is known from the call, not believed", async () => {
  const { attacked } = await startBeside((executor, request) => {
    executor.send(logged(request.id, "one\ntwo \u001b[31mred\u202e\u2028"));
    executor.send(logged(request.id, "again"));
    executor.answer(request);
  });
  const { outcome } = await attacked();
  expect(outcome.logs).toEqual({
    version: "bad@1",
    invocationId: "test",
    lines: [
      expect.objectContaining({
        text: "one\\ntwo \\u001b[31mred\\u202e\\u2028",
      }),
      expect.objectContaining({ text: "again" }),
    ],
    dropped: 0,
  });
});

test("lines beyond an invocation's bound are counted and dropped, whatever the executor says of it", async () => {
  const { attacked } = await startBeside((executor, request) => {
    for (let i = 0; i < 3; i++)
      executor.send(logged(request.id, "x".repeat(30_000)));
    executor.answer(request);
  });
  const { outcome } = await attacked();
  expect(outcome.logs).toMatchObject({
    lines: [{ level: "log" }, { level: "log" }],
    dropped: 1,
  });
});

test("what was logged before a kill is kept", async () => {
  const { attacked } = await startBeside((executor, request) => {
    executor.send(logged(request.id, "last words"));
    setImmediate(() => executor.die());
  });
  const { outcome } = await attacked();
  expect(outcome).toMatchObject({
    failure: { reason: "executor_lost" },
    logs: { lines: [{ text: "last words" }] },
  });
});

test("a frame that comes byte by byte is no sign of life", async () => {
  const { supervisor, killed } = await startBeside((executor) => {
    const prefix = Buffer.alloc(8);
    prefix.writeUInt32BE(64 * 1024, 0);
    prefix.writeUInt32BE(64, 4);
    executor.sendBytes(prefix);
    const drip = setInterval(() => executor.sendBytes(Buffer.alloc(1)), 10);
    onTestFinished(() => clearInterval(drip));
  });
  const { outcome } = await supervisor.run(
    versionOf("", "bad@1", "hostile"),
    callWith({}, { wallMs: 200, syncMs: 100 }),
  );
  expect(outcome).toMatchObject({ failure: { reason: "wall_time" } });
  await expect.poll(() => killed, { timeout: 5000 }).toEqual(["overdue"]);
});

test("a flood is cut off before it is large", async () => {
  const lie = Buffer.alloc(64 * 1024);
  let sentBytes = 0;
  const flood = (executor: FakeExecutor) => {
    if (executor.isGone) return;
    executor.send(answer(1000), lie);
    sentBytes += lie.length;
    setImmediate(() => flood(executor));
  };
  const { attacked, canary } = await startBeside(flood);
  await attacked();
  expect(await canary()).toBe('"canary"');
  expect(sentBytes).toBeLessThan(2 * 1024 * 1024);
});

/** What the main thread computed while this ran: not the clock's time, so that a busy machine blames nobody. */
async function computed(work: () => Promise<unknown>) {
  let longestMs = 0;
  let totalMs = 0;
  let before = process.threadCpuUsage();
  const watch = setInterval(() => {
    const { user, system } = process.threadCpuUsage();
    const turnMs = (user + system - before.user - before.system) / 1000;
    before = { user, system };
    longestMs = Math.max(longestMs, turnMs);
    totalMs += turnMs;
  }, 1);
  await work();
  clearInterval(watch);
  return { longestMs, totalMs };
}

const costlyFloods: Record<string, Attack> = {
  "requests outward with long heads, one given up after the other": (
    executor,
    { id },
  ) => {
    const request = JSON.stringify(egress(id, 0)).slice(1, -1);
    for (let number = 0; number < 8; number++) {
      const own = request.replace(`"egress":0`, `"egress":${number}`);
      executor.sendBytes(frameOf(`{${own}${manyNames}}`));
      executor.send({ type: "egress-abort", id, egress: number });
    }
  },
  "lines whose every character must be escaped": (executor, { id }) => {
    const line = encodeFrame(logged(id, "\u007f".repeat(60_000)));
    for (let i = 0; i < 16; i++) executor.sendBytes(line);
  },
  "lines longer than any log": (executor, { id }) => {
    const line = encodeFrame(logged(id, "\u007f".repeat(120_000)));
    for (let i = 0; i < 8; i++) executor.sendBytes(line);
  },
};

test.for(Object.entries(costlyFloods))(
  "%s do not hold the event loop",
  async ([name, attack]) => {
    const { supervisor, canary } = await startBeside(attack);
    const version = versionOf("", "bad@1", "hostile");
    const wallMs = 1000;
    const { longestMs, totalMs } = await computed(async () => {
      const calls = Array.from({ length: 32 }, () =>
        supervisor.run(version, callWith({}, { wallMs })),
      );
      await Promise.all(calls);
    });
    expect(await canary()).toBe('"canary"');
    expect(longestMs).toBeLessThan(100);
    // The first costs the test itself the most of it: it writes the heads.
    expect(totalMs).toBeLessThan(name.startsWith("lines") ? 250 : 500);
  },
);
