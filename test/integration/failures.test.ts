/** Everything a callee can do wrong: each has its own failure, tells nothing of this machine, and disturbs nobody. */
import {
  afterAll,
  afterEach,
  beforeAll,
  expect,
  onTestFinished,
  test,
} from "vitest";
import type { Annex as Client, Outcome } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import {
  startOtlpReceiver,
  type OtlpReceiver,
} from "../support/otlp-receiver.ts";
import { processorTicks } from "../support/processes.ts";
import {
  callOf,
  openRawHop,
  type RawHop,
  type RawStream,
} from "../support/raw-hop.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";
import { executorsOf } from "../support/walled-processes.ts";

const wallMs = 3000;
const syncMs = 500;
const mebibyte = 1024 * 1024;

/** Sources that fail when they are called, and what their caller is told. */
const failing: [name: string, source: string, told: object][] = [
  [
    "a throw",
    "module.exports = (ctx, cb) => { throw new TypeError('no user'); };",
    threw("threw", "TypeError: no user"),
  ],
  [
    "a throw of what is no Error",
    "module.exports = (ctx, cb) => { throw { code: 7 }; };",
    threw("threw", '{"code":7}'),
  ],
  [
    "a throw in a timer",
    "module.exports = (cb) => { setTimeout(() => { throw new Error('late'); }, 1); };",
    threw("threw", "late"),
  ],
  [
    "a rejected promise",
    "module.exports = async () => { await null; throw new Error('no'); };",
    threw("rejected", "no"),
  ],
  [
    "an error given to the callback",
    "module.exports = (cb) => cb(new Error('refused'));",
    threw("callback_error", "refused"),
  ],
  [
    "a circular result",
    "module.exports = (cb) => { const a = {}; a.a = a; cb(null, a); };",
    threw("invalid_result", expect.stringContaining("JSON")),
  ],
  [
    "a function as result",
    "module.exports = (cb) => cb(null, () => 1);",
    threw("invalid_result", expect.stringContaining("function")),
  ],
  [
    "a result over the limit",
    `module.exports = (cb) => cb(null, "x".repeat(${6 * mebibyte}));`,
    limited("result_size", {
      name: "result_bytes",
      value: 6 * mebibyte,
      observed: 6 * mebibyte + 2,
    }),
  ],
  [
    "a response over the limit",
    `module.exports = (ctx, req, res) => res.end(Buffer.alloc(${6 * mebibyte + 1}));`,
    limited("result_size", {
      name: "result_bytes",
      value: 6 * mebibyte,
      observed: 6 * mebibyte + 1,
    }),
  ],
  [
    "an endless loop",
    "module.exports = (cb) => { for (;;); };",
    limited("sync_time", { name: "sync_ms", value: syncMs }),
  ],
  [
    "an endless loop after an await",
    "module.exports = async () => { await null; for (;;); };",
    limited("sync_time", { name: "sync_ms", value: syncMs }),
  ],
  [
    "an endless loop in a timer",
    "module.exports = (cb) => { setTimeout(() => { for (;;); }, 1); };",
    limited("sync_time", { name: "sync_ms", value: syncMs }),
  ],
  [
    "a callback that is never called",
    "module.exports = (cb) => {};",
    limited("wall_time", { name: "wall_ms", value: wallMs }),
  ],
  [
    "a promise that never settles",
    "module.exports = async () => new Promise(() => {});",
    limited("wall_time", { name: "wall_ms", value: wallMs }),
  ],
];

function threw(reason: string, message: unknown) {
  return { source: "extension", reason, message, retryable: false };
}

function limited(reason: string, limit: object) {
  return {
    source: "limit",
    reason,
    retryable: reason === "deadline",
    limit: expect.objectContaining(limit) as object,
  };
}

let annex: TestAnnex;
let receiver: OtlpReceiver;
let hop: RawHop;
/** Calls without a token; with one that manages acme. */
let anonymous: Client;
let manager: Client;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  annex = await openAnnex({
    sandboxd: ["--wall-ms", String(wallMs), "--sync-ms", String(syncMs)],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
      OTEL_BSP_SCHEDULE_DELAY: "50",
      OTEL_TRACES_SAMPLER: "parentbased_always_off",
    },
  });
  hop = openRawHop(annex.socket);
  anonymous = annex.client();
  await annex.createContainer("acme");
  await annex.createContainer("other");
  manager = annex.client({ token: await annex.tokenFor("acme") });
  const healthy = "module.exports = (ctx, cb) => cb(null, 'well');";
  await annex.publish("acme", "healthy", healthy);
  await annex.publish("other", "healthy", healthy);
  await annex.publish(
    "other",
    "slow",
    "module.exports = (cb) => setTimeout(cb, 700, null, 'in time');",
  );
});

afterAll(async () => {
  hop?.[Symbol.dispose]();
  await closeAnnex(annex);
  await receiver?.close();
});

afterEach(async () => {
  for (const container of ["acme", "other"]) {
    const outcome = await anonymous.invoke({ container, extension: "healthy" });
    expect(outcome).toMatchObject({ kind: "result", payload: "well" });
  }
});

/** Neither a path of this machine nor a name of ours. */
function expectClean(...texts: (string | undefined)[]): void {
  const paths = /(^|[\s("'`])(\/|[A-Za-z]:\\)[\w.@-]+[\\/]/m;
  const ours =
    /node:|file:\/\/|executor\.|executor\/|isolated-vm|annex:|\bivm\b/;
  for (const text of texts) {
    expect(text ?? "").not.toMatch(paths);
    expect(text ?? "").not.toMatch(ours);
  }
}

function expectFailure(outcome: Outcome, told: object): void {
  expect(outcome).toMatchObject({ kind: "failure", ...told });
  if (outcome.kind === "failure") expectClean(outcome.message, outcome.stack);
}

let extensions = 0;

/** Publishes in acme under a new name, which it gives. */
async function published(
  source: string | Record<string, string>,
): Promise<string> {
  const extension = `extension-${++extensions}`;
  const { rollout } = await annex.publish("acme", extension, source);
  expect(rollout).toMatchObject({ compiled: 1, refused: [] });
  return extension;
}

test.each(failing)(
  "%s is told by its reason, and spares the other calls of the container",
  async (_name, source, told) => {
    const extension = await published(source);
    const beside = anonymous.invoke({ container: "other", extension: "slow" });
    const outcome = await anonymous.invoke({ container: "acme", extension });
    expectFailure(outcome, told);
    expect(outcome).not.toHaveProperty("stack");
    expect(await beside).toMatchObject({ payload: "in time" });
    // And once more: what failed has left nothing behind that changes the answer.
    if (!("limit" in told))
      expectFailure(
        await anonymous.invoke({ container: "acme", extension }),
        told,
      );
  },
);

test("a payload over the limit does not reach the code", async () => {
  const extension = await published(
    "module.exports = (ctx, cb) => cb(null, ctx.body.length);",
  );
  const call = { container: "acme", extension, contentType: "x/y" };
  const most = await anonymous.invoke({
    ...call,
    payload: Buffer.alloc(mebibyte),
  });
  expect(most).toMatchObject({ kind: "result", payload: mebibyte });
  const more = await anonymous.invoke({
    ...call,
    payload: Buffer.alloc(mebibyte + 1),
  });
  const limit = {
    name: "payload_bytes",
    value: mebibyte,
    observed: mebibyte + 1,
  };
  expectFailure(more, limited("payload_size", limit));
});

test("a second callback is a line in the log, and the first answer stands", async () => {
  const extension = await published(
    "module.exports = (cb) => { cb(null, 'first'); cb(null, 'second'); };",
  );
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  const answered = await hop.invoke({
    ...callOf("acme", extension),
    traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  });
  expect(answered).toMatchObject({
    response: {
      outcome: { $case: "result", value: { payload: Buffer.from('"first"') } },
    },
  });
  const ofCall = (name: string) =>
    receiver.spans.find(
      (span) => span.traceId === traceId && span.name === name,
    );
  await receiver.waitForSpans(() => ofCall("run") !== undefined, 20_000);
  expect(ofCall("run")?.events).toMatchObject([
    { attributes: { "log.message": expect.stringMatching(/callback.*again/) } },
  ]);
});

test("a call past its timeout_ms ends as deadline, and may be retried", async () => {
  const extension = await published("module.exports = (cb) => {};");
  const answered = await hop.invoke({
    ...callOf("acme", extension),
    timeoutMs: 300,
  });
  expect(answered).toMatchObject({
    response: {
      outcome: {
        $case: "failure",
        value: { reason: 14, retryable: true, limit: { name: "timeout_ms" } },
      },
    },
  });
  const payload = {};
  const byClient = { container: "acme", extension, payload, timeoutMs: 300 };
  expectFailure(
    await anonymous.invoke(byClient),
    limited("deadline", { name: "timeout_ms", value: 300 }),
  );
});

test("a unary call's gRPC deadline ends it", async () => {
  const extension = await published("module.exports = (cb) => {};");
  const startedMs = performance.now();
  const ended = await hop.invoke(callOf("acme", extension), {
    deadline: Date.now() + 300,
  });
  expect(performance.now() - startedMs).toBeLessThan(wallMs);
  // Whose clock strikes first, the caller's or the host's, says it.
  if ("code" in ended) expect(ended.code).toBe(4);
  else expect(ended.response.outcome).toMatchObject({ value: { reason: 14 } });
});

test("an endless loop in code warmed by 50,000 calls is ended too", async () => {
  const extension = await published(`module.exports = (ctx, cb) => {
    let sum = 0;
    for (let i = 0; ctx.data.forever || i < 100; i++) sum = (sum + i) | 0;
    cb(null, sum);
  };`);
  const call = { container: "acme", extension };
  let left = 50_000;
  const warm = async (): Promise<void> => {
    while (left-- > 0) {
      const { kind } = await anonymous.invoke({ ...call, payload: {} });
      if (kind !== "result") throw new Error(kind);
    }
  };
  await Promise.all(Array.from({ length: 128 }, warm));
  expectFailure(
    await anonymous.invoke({ ...call, payload: { forever: true } }),
    limited("sync_time", { name: "sync_ms", value: syncMs }),
  );
  expect(await anonymous.invoke({ ...call, payload: {} })).toMatchObject({
    payload: 4950,
  });
}, 90_000);

test("a stack is for who may manage the container, at the places its author knows", async () => {
  const extension = await published({
    "index.ts": `import { fail } from "./lib/fail.ts";

interface Context { data: object }
export default async (ctx: Context): Promise<void> => {
  await null;
  fail(ctx.data);
};`,
    "lib/fail.ts": `type Data = object;

export function fail(data: Data): never {
  throw new RangeError("far");
}`,
  });
  const call = { container: "acme", extension, payload: {} };
  const told = threw("rejected", "RangeError: far");
  const outcome = await manager.invoke(call);
  expectFailure(outcome, told);
  const frames = outcome.kind === "failure" ? outcome.stack?.split("\n") : [];
  expect(frames).toHaveLength(2);
  expect(frames?.[0]).toMatch(/^at fail \(lib\/fail\.ts:4:\d+\)$/);
  expect(frames?.[1]).toMatch(/^at .*index\.ts:6:\d+\)?$/);

  expect(await anonymous.invoke(call)).not.toHaveProperty("stack");
  const token = await annex.tokenFor("acme", extension);
  const caller = annex.client({ token });
  expect(await caller.invoke(call)).not.toHaveProperty("stack");
});

test("a cancelled call ends at once, and its place is the next one's", async () => {
  // With time enough for a busy machine to cancel them all.
  await annex.control("containers").createContainer({
    name: "crowded",
    limits: { wallMs: 60_000 },
  });
  await annex.publish("crowded", "never", "module.exports = (cb) => {};");
  await annex.publish(
    "crowded",
    "healthy",
    "module.exports = (ctx, cb) => cb(null, 'well');",
  );
  const running = 128;
  const queued = 128;
  const never = callOf("crowded", "never");
  const healthy = callOf("crowded", "healthy");
  const stream = hop.openStream();
  onTestFinished(() => stream.abort());
  for (let id = 1; id <= running + queued; id++) stream.invoke(id, never);
  stream.invoke(1000, healthy);
  expect(await stream.answer(1000)).toMatchObject({
    $case: "response",
    value: {
      outcome: {
        value: {
          limit: { name: "queued_calls", value: BigInt(queued) },
        },
      },
    },
  });

  // One that waits makes room for one more that waits.
  await expectCancelled(stream, running + 1);
  stream.invoke(1001, healthy);
  stream.invoke(1002, healthy);
  expect(await stream.answer(1002)).toMatchObject({
    value: { outcome: { $case: "failure" } },
  });
  for (let id = running + 2; id <= running + queued; id++)
    await expectCancelled(stream, id);
  // A call of another container has gone all the way meanwhile: this one waits.
  stream.invoke(1003, callOf("other", "healthy"));
  await stream.answer(1003);
  expect(stream.answers(1001)).toEqual([]);

  // One that runs lets the next one run.
  await expectCancelled(stream, 1);
  expect(await stream.answer(1001)).toMatchObject({
    value: { outcome: { $case: "result" } },
  });
  stream.invoke(2001, never);
  const tookMs: number[] = [];
  for (let id = 2; id <= 21; id++) {
    stream.invoke(3000 + id, healthy);
    const startedMs = performance.now();
    await expectCancelled(stream, id);
    expect(await stream.answer(3000 + id)).toMatchObject({
      value: { outcome: { $case: "result" } },
    });
    tookMs.push(performance.now() - startedMs);
    stream.invoke(2000 + id, never);
  }
  // The best of twenty: this machine may be busy with other things.
  expect(Math.min(...tookMs)).toBeLessThan(50);

  stream.abort();
  await stream.ended;
  await expect
    .poll(() =>
      anonymous.invoke({ container: "crowded", extension: "healthy" }),
    )
    .toMatchObject({ kind: "result" });
});

async function expectCancelled(stream: RawStream, id: number): Promise<void> {
  stream.cancel(id);
  expect(await stream.answer(id)).toMatchObject({
    $case: "error",
    value: { code: 1 },
  });
}

test("an executor killed in mid-call loses that call and no other", async () => {
  // One alone, so that it is known which one a call is in.
  await annex
    .control("containers")
    .createContainer({ name: "single", limits: { maxExecutors: 1 } });
  const source = `module.exports = (ctx, cb) => {
    const endMs = Date.now() + ctx.data.busyMs;
    while (Date.now() < endMs);
    if (ctx.data.answers) cb(null, "done");
  };`;
  await annex.publish("single", "killed", source);
  const call = { container: "single", extension: "killed" };
  const pid = await executorOf(() =>
    anonymous.invoke({ ...call, payload: { busyMs: 300, answers: true } }),
  );
  const others = Array.from({ length: 20 }, () =>
    anonymous.invoke({ container: "other", extension: "slow" }),
  );
  const lost = anonymous.invoke({ ...call, payload: { busyMs: 0 } });
  // Answers of one executor come in order: this one says that the other has begun.
  await anonymous.invoke({ ...call, payload: { busyMs: 0, answers: true } });
  process.kill(pid, "SIGKILL");
  expectFailure(await lost, {
    source: "platform",
    reason: "executor_lost",
    retryable: true,
  });
  for (const outcome of await Promise.all(others))
    expect(outcome).toMatchObject({ payload: "in time" });
  expect(
    await anonymous.invoke({ ...call, payload: { busyMs: 0, answers: true } }),
  ).toMatchObject({ payload: "done" });
});

/** The executor that is busy while `work` runs. */
async function executorOf(work: () => Promise<unknown>): Promise<number> {
  const parent = annex.sandboxd?.pid ?? 0;
  await work(); // so that the version is loaded, and whatever is started is there
  const pids = await executorsOf(parent);
  const before = await Promise.all(pids.map(processorTicks));
  // More than another one needs to start beside it.
  for (let round = 0; round < 3; round++) await work();
  const after = await Promise.all(pids.map(processorTicks));
  const used = after.map((ticks, index) => ticks - (before[index] ?? 0));
  const pid = pids[used.indexOf(Math.max(...used))];
  if (pid === undefined) throw new Error("there is no executor");
  return pid;
}
