/**
 * Everything on the way out by chance: executors that say what looks like requests outward and what belongs to them, in any
 * order, of any call and after its end; a broker that answers likewise. Nothing falls over, nothing stays open, and
 * nothing of another container's is touched.
 */
import { duplexPair } from "node:stream";
import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { startBroker } from "../../sandboxd/broker/broker.ts";
import { encodeFrame, FrameReader } from "../../sandboxd/frames.ts";
import type { BrokerRequest } from "../../sandboxd/broker/messages.ts";
import type {
  EgressProblem,
  ExecutorReply,
  InvokeRequest,
} from "../../sandboxd/protocol.ts";
import type {
  EgressGate,
  SocketSink,
} from "../../sandboxd/supervisor/egress.ts";
import { openPolicy, startTestBroker } from "../support/broker.ts";
import { fakeLauncher, type FakeExecutor } from "../support/fake-executors.ts";
import {
  fakeGate,
  plainHead,
  type FakeExchange,
  type FakeSocket,
} from "../support/fake-gate.ts";
import {
  callWith,
  startTestSupervisor,
  versionOf,
} from "../support/supervisor.ts";
import { startTcpServer } from "../support/tcp-server.ts";
import { mutantsOf } from "./mutants.ts";
import { brokerReplies, executorReplies } from "./replies.ts";
import { fuzzSettings } from "./settings.ts";

const { isLong: _isLong, ...settings } = fuzzSettings(400);

/** A frame of an executor's: of its call, of the other one it runs, or of one that never was. */
interface Saying {
  reply: ExecutorReply;
  whose: "mine" | "the other's" | "nobody's";
  egress: number | undefined;
  bodyBytes: number;
  times: number;
}

const outward = executorReplies.filter(({ type }) => type.startsWith("egress"));
/** Counted from what was opened last; undefined: the next to be opened, where it opens something. */
const numbers = fc.oneof(
  { weight: 10, arbitrary: fc.constant(undefined) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 32, 2 ** 53 - 1, 100) },
);
const sayings = (port: number): fc.Arbitrary<Saying> =>
  fc.record({
    reply: fc.oneof(
      {
        weight: 40,
        arbitrary: fc.constantFrom(...outward.map((one) => sentTo(port, one))),
      },
      {
        weight: 1,
        // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it lies
        arbitrary: mutantsOf(outward) as fc.Arbitrary<ExecutorReply>,
      },
    ),
    whose: fc.oneof(
      { weight: 8, arbitrary: fc.constant<Saying["whose"]>("mine") },
      { weight: 4, arbitrary: fc.constant<Saying["whose"]>("the other's") },
      { weight: 1, arbitrary: fc.constant<Saying["whose"]>("nobody's") },
    ),
    egress: numbers,
    bodyBytes: fc.oneof(
      { weight: 20, arbitrary: fc.constantFrom(0, 0, 2) },
      { weight: 1, arbitrary: fc.constantFrom(65_536, 65_537, 262_145) },
    ),
    times: fc.oneof(
      { weight: 12, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.constantFrom(2, 3, 40) },
    ),
  });

function sentTo(port: number, reply: ExecutorReply): ExecutorReply {
  if (reply.type === "egress")
    return { ...reply, url: `http://127.0.0.1:${port}/` };
  if (reply.type === "egress-connect")
    return { ...reply, host: "127.0.0.1", port };
  return reply;
}

/** Of the two calls that it runs at once, the one and the other; and what each has opened so far. */
type Ids = readonly { id: number; opened: number }[];

function say(
  executor: FakeExecutor,
  [mine, other]: Ids,
  { reply, whose, egress, bodyBytes, times }: Saying,
): void {
  const call = { mine, "the other's": other, "nobody's": undefined }[whose];
  const isOpening = openings.has(reply.type);
  for (let said = 0; said < times; said++) {
    const head = structuredClone(Object(reply));
    head.id = call?.id ?? 1_000_000;
    if (call && isOpening && egress === undefined) call.opened += 1;
    const number = (call?.opened ?? 0) - (egress ?? 0);
    if (Object.hasOwn(head, "egress")) head.egress = Math.abs(number);
    // A body where none may be ends the process: not too often, or little else happens.
    const isLie = bodyBytes > 2 || carriers.has(reply.type);
    const body = Buffer.alloc(isLie ? bodyBytes : 0, "{}");
    executor.sendBytes(encodeFrame(head, body));
  }
}

const carriers = new Set([
  "egress",
  "egress-connect",
  "egress-write",
  "egress-upgrade",
]);
const openings = new Set(["egress", "egress-connect", "egress-lookup"]);

/** An executor says `before` while two calls are open, and `after` when both have been answered. */
async function startLiars(gate: EgressGate) {
  let script: { before: Saying[]; after: Saying[] } = { before: [], after: [] };
  const open: InvokeRequest[] = [];
  const launcher = fakeLauncher({
    invoke: (executor, request) => {
      if (request.version.startsWith("canary/")) return;
      if (open.push(request) < 2) return;
      const requests = open.splice(0);
      const ids = requests.map(({ id }) => ({ id, opened: 0 }));
      for (const saying of script.before) say(executor, ids, saying);
      setImmediate(() => {
        for (const one of requests) executor.answer(one);
        for (const saying of script.after) say(executor, ids, saying);
      });
    },
  });
  const { supervisor, killed } = await startTestSupervisor(
    {
      poolSize: 2,
      quarantineAfter: 1_000_000,
      idleMs: 1e9,
      maxAgeMs: 1e9,
      maxOpenEgress: 6,
    },
    {
      launcher,
      gate,
      // Both calls in one process.
      settingsOf: () => ({
        heapLimitMb: 64,
        memoryMb: 384,
        cpuPercent: 100,
        maxExecutors: 1,
        trustGroup: "",
      }),
    },
  );
  return {
    launcher,
    supervisor,
    killed,
    run: async (before: Saying[], after: Saying[]) => {
      script = { before, after };
      open.length = 0;
      const version = versionOf("", "bad@1", "hostile");
      const runs = [0, 1].map(() =>
        supervisor.run(version, callWith({}, { wallMs: 1000 })),
      );
      return Promise.all(runs);
    },
  };
}

/** What the other side says of whatever is open with it, by chance. */
interface Word {
  kind: "head" | "note" | "chunk" | "end" | "failed";
  which: number;
  bytes: number;
}

const words: fc.Arbitrary<Word> = fc.record({
  kind: fc.constantFrom("head", "note", "chunk", "chunk", "end", "failed"),
  which: fc.nat(20),
  bytes: fc.constantFrom(0, 1, 100, 1024, 1025, 300_000),
});

const failure: EgressProblem = { kind: "failed", message: "no more" };

test("whatever an executor asks of what is outward, each call ends, nothing of it stays open, and another container's exchange goes on", async () => {
  const gate = fakeGate();
  const { run, supervisor, launcher, killed } = await startLiars(gate);
  const canary = supervisor.run(
    versionOf("", "hello@1", "canary"),
    callWith({}, { wallMs: 1e8 }),
  );
  await vi.waitUntil(() => invokeOf(launcher.executors) !== undefined);
  const { executor, request } = invokeOf(launcher.executors) ?? {};
  if (!executor || !request) throw new Error("the canary was not called");
  const { id } = request;
  executor.send({
    type: "egress",
    id,
    egress: 1,
    method: "GET",
    url: "http://canary.example/",
    headers: [],
  });
  executor.send({ type: "egress-pull", id, egress: 1, bytes: 2 ** 24 });
  await vi.waitUntil(() => gate.exchanges.length === 1);
  const [kept] = gate.exchanges;
  kept?.sink.head(plainHead);
  let sentBytes = 0;
  let asked = 0;

  await fc.assert(
    fc.asyncProperty(
      fc.array(sayings(80), { maxLength: 12 }),
      fc.array(sayings(80), { maxLength: 4 }),
      fc.array(words, { maxLength: 12 }),
      async (before, after, answers) => {
        gate.exchanges.splice(1);
        gate.sockets.length = 0;
        gate.lookups.length = 0;
        const running = run(before, after);
        await vi.waitUntil(() => gate.exchanges.length >= 1);
        setImmediate(() => tell(gate, answers));
        for (const { outcome } of await running)
          expect(["answered", "failed"]).toContain(outcome.kind);
        const opened = [...gate.exchanges.slice(1), ...gate.sockets];
        asked += opened.length + gate.lookups.length;
        for (const { request: one } of [...opened, ...gate.lookups])
          expect(one.container).toBe("hostile");
        for (const one of [...opened, ...gate.lookups])
          expect(one.isAborted || ended.has(one)).toBe(true);
        // What is said now is nobody's.
        tell(gate, answers);
        kept?.sink.chunk(Buffer.alloc(16));
        sentBytes += 16;
        expect(kept?.isAborted).toBe(false);
      },
    ),
    settings,
  );

  // Chance must get through as well as break the rules, or all this says little.
  expect(asked).toBeGreaterThan(settings.numRuns);
  expect(killed).toContain("protocol");
  expect(killed.length).toBeLessThan(settings.numRuns / 2);
  kept?.sink.end();
  await vi.waitUntil(() =>
    executor.requests.some(({ type }) => type === "egress-end"),
  );
  executor.answer(request);
  const { outcome, egress } = await canary;
  expect(outcome.kind).toBe("answered");
  expect(egress).toMatchObject([
    { outcome: "answered", receivedBytes: sentBytes },
  ]);
}, 3_600_000);

/** Those of a gate that have said their last word. */
const ended = new WeakSet<object>();

function tell(gate: ReturnType<typeof fakeGate>, answers: Word[]): void {
  const open = [...gate.exchanges.slice(1), ...gate.sockets, ...gate.lookups];
  for (const { kind, which, bytes } of answers) {
    const one = open[which % Math.max(1, open.length)];
    if (one) speak(one, kind, bytes);
  }
}

function speak(
  one: FakeExchange | FakeSocket | { sink: SocketSink },
  kind: Word["kind"],
  bytes: number,
): void {
  const { sink } = one;
  switch (kind) {
    case "head":
      if ("head" in sink) sink.head(plainHead);
      return;
    case "note":
      if ("note" in sink) sink.note("taken", Buffer.alloc(0));
      return;
    case "chunk":
      sink.chunk(Buffer.alloc(bytes));
      return;
    case "end":
      ended.add(one);
      sink.end();
      return;
    case "failed":
      ended.add(one);
      sink.failed(failure);
  }
}

function invokeOf(executors: readonly FakeExecutor[]) {
  for (const executor of executors)
    for (const request of executor.requests)
      if (request.type === "invoke") return { executor, request };
  return undefined;
}

test("whatever an executor asks of real connections, they end with its calls, and the broker goes on", async () => {
  const { port, sockets } = await startTcpServer((socket) =>
    socket.pipe(socket),
  );
  const { broker, warnings } = await startTestBroker();
  broker.configure("hostile", {
    ...openPolicy,
    internalHosts: [`127.0.0.1:${port}`],
    allow: [`127.0.0.1:${port}`],
    maxRequests: 1e9,
    maxBytes: 1e12,
    requestMs: 1000,
  });
  const { run } = await startLiars(broker);
  await fc.assert(
    fc.asyncProperty(
      fc.array(sayings(port), { maxLength: 12 }),
      fc.array(sayings(port), { maxLength: 4 }),
      async (before, after) => {
        for (const { outcome } of await run(before, after))
          expect(["answered", "failed"]).toContain(outcome.kind);
        expect(broker.pid).not.toBe(0);
      },
    ),
    { ...settings, numRuns: Math.ceil(settings.numRuns / 2) },
  );
  expect(sockets.length).toBeGreaterThan(10);
  await expect
    .poll(() => sockets.every((one) => one.readableEnded || one.destroyed))
    .toBe(true);
  expect(warnings).toEqual([]);
}, 3_600_000);

test("whatever a broker answers, what was asked of it ends once, and it is heard no more after that", async () => {
  let script: { head: unknown; body: Uint8Array }[] = [];
  const warnings: object[] = [];
  let clockMs = 0;
  const log = (fields: object) => void warnings.push(fields);
  const broker = startBroker({
    launch: () => liarOf(() => script),
    limits: { maxOpenEgress: 16 },
    // Each process has lived long, and so is started again soon.
    now: () => (clockMs += 20_000),
    log: { info: () => undefined, warn: log, error: log },
  });
  onTestFinished(() => broker.close());
  broker.configure("acme", openPolicy);
  const said = fc.record({
    head: fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom<unknown>(...brokerReplies) },
      { weight: 1, arbitrary: mutantsOf(brokerReplies) },
    ),
    id: fc.constantFrom<"mine" | "another's" | "as it is">(
      "mine",
      "mine",
      "mine",
      "another's",
      "as it is",
    ),
    bodyBytes: fc.constantFrom(0, 0, 2, 1000, 65_536, 65_537),
  });
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(said, { maxLength: 8 }), async (answers) => {
      await vi.waitUntil(() => broker.pid !== 0, { interval: 5 });
      script = answers.map(({ head, id, bodyBytes }) => {
        const mutant = Object(structuredClone(head));
        if (id !== "as it is") mutant.id = id;
        return { head: mutant, body: Buffer.alloc(bodyBytes, "{}") };
      });
      const heard = [0, 1, 2].map((kind) => openOne(broker, kind));
      await vi.waitUntil(() => broker.pid === 0 || asked >= 3, { interval: 1 });
      asked = 0;
      await new Promise(setImmediate);
      for (const { exchange, events } of heard) {
        const isOver = events.some(isEnd);
        answered += events.length;
        exchange.abort();
        const { length } = events;
        await new Promise(setImmediate);
        expect(events.length).toBe(length);
        if (isOver) expect(events.findIndex(isEnd)).toBe(length - 1);
      }
    }),
    { ...settings, numRuns: Math.ceil(settings.numRuns / 2) },
  );
  expect(answered).toBeGreaterThan(settings.numRuns / 2);
  const why = JSON.stringify(warnings);
  expect(why).toContain("it broke the protocol");
}, 3_600_000);

/** How many requests the last liar was sent. */
let asked = 0;

function isEnd(event: string): boolean {
  return event === "end" || event === "failed";
}

function openOne(gate: EgressGate, kind: number) {
  const events: string[] = [];
  const caller = { container: "acme", invocationId: "i", wallMs: 1e6 };
  const sink = {
    chunk: () => void events.push("chunk"),
    end: () => void events.push("end"),
    failed: () => void events.push("failed"),
  };
  const note = () => void events.push("note");
  const exchange = [
    () =>
      gate.open(
        {
          ...caller,
          method: "GET",
          url: "http://nowhere.example/",
          headers: [],
          body: Buffer.alloc(0),
        },
        { ...sink, head: () => void events.push("head") },
      ),
    () =>
      gate.connect(
        { ...caller, host: "a.example", port: 1, address: "", tls: undefined },
        { ...sink, note },
      ),
    () =>
      gate.lookup(
        { ...caller, name: "a.example", record: "A" },
        { ...sink, note },
      ),
  ][kind];
  if (!exchange) throw new Error("no such kind");
  const opened = exchange();
  opened.pull(1000);
  return { exchange: opened, events };
}

/** A broker's process that answers each request outward so; "mine" and "another's" in place of an id stand for it. */
function liarOf(script: () => { head: unknown; body: Uint8Array }[]) {
  const [ours, pipe] = duplexPair();
  const reader = new FrameReader(32 * 1024 * 1024);
  const { promise: exited, resolve: exit } = Promise.withResolvers<{
    how: string;
  }>();
  ours.on("error", () => undefined);
  ours.on("data", (chunk: Buffer) => {
    for (const { head } of reader.push(chunk)) {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- sandboxd speaks the protocol
      const request = head as BrokerRequest;
      if (!["open", "connect", "lookup"].includes(request.type)) continue;
      if (!("id" in request)) continue;
      asked += 1;
      for (const { head: answer, body } of script()) {
        const said = Object(structuredClone(answer));
        if (said.id === "mine") said.id = request.id;
        if (said.id === "another's") said.id = request.id + 1;
        ours.write(encodeFrame(said, body));
      }
    }
  });
  return {
    pid: 1,
    pipe,
    exited,
    kill: () => {
      ours.destroy();
      pipe.destroy();
      exit({ how: "ended by SIGKILL" });
    },
  };
}
