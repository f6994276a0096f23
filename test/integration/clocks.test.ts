/** The four clocks of an invocation: defaults by container, narrowed by point and by call. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { TestAnnex } from "../support/annex.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

let annex: TestAnnex;
let client: Client;

const spin =
  "const spin = (ms) => { const end = Date.now() + ms; while (Date.now() < end); };";
const sleep =
  "const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));";

beforeAll(async () => {
  annex = await openAnnex();
  client = annex.client();
  await annex.control("containers").createContainer({
    name: "acme",
    limits: { ...none, cpuMs: 200, syncMs: 400, wallMs: 2000 },
  });
  await annex.control("points").createPoint({
    name: "hurried",
    limits: { cpuMs: 0, syncMs: 0, wallMs: 250 },
  });
  await annex.publish(
    "acme",
    "work",
    `${spin} ${sleep}
    module.exports = async (ctx) => {
      const { rounds = 1, spinMs = 0, sleepMs = 0 } = ctx.data;
      for (let n = 0; n < rounds; n++) { spin(spinMs); await sleep(sleepMs); }
      return "done";
    };`,
    { points: ["hurried"] },
  );
  await annex.publish(
    "acme",
    "remaining",
    `${sleep} module.exports = async (ctx) => {
      const before = ctx.remainingMs();
      await sleep(50);
      return { before, after: ctx.remainingMs() };
    };`,
  );
}, 60_000);

afterAll(async () => {
  await client?.close();
  await closeAnnex(annex);
});

const none = {
  heapMb: 0,
  memoryMb: 0,
  cpuPercent: 0,
  cpuMs: 0,
  syncMs: 0,
  wallMs: 0,
  maxRunningCalls: 0,
  maxQueuedCalls: 0,
  maxExecutors: 0,
  maxEgressRequests: 0,
  maxEgressBytes: 0,
  egressMs: 0,
  egressBytesPerSecond: 0,
};

test("300 ms of sleep and 20 ms of work pass 50 ms of CPU; the reverse does not", async () => {
  expect(await work({ spinMs: 20, sleepMs: 300 })).toMatchObject({
    payload: "done",
  });
  expect(await work({ spinMs: 300, sleepMs: 20 })).toMatchObject({
    kind: "failure",
    source: "limit",
    reason: "cpu_time",
    limit: { name: "cpu_ms", value: 50 },
  });
});

test("CPU is counted over all slices of a call", async () => {
  expect(
    await client.invoke({
      container: "acme",
      extension: "work",
      payload: { rounds: 20, spinMs: 30 },
    }),
  ).toMatchObject({
    reason: "cpu_time",
    limit: { name: "cpu_ms", value: 200 },
  });
});

test("a container's limit of one slice holds, and a call may narrow it but not widen it", async () => {
  expect(await loop(60)).toMatchObject({
    reason: "sync_time",
    limit: { name: "sync_ms", value: 60 },
  });
  const unnarrowed = await loop(60_000);
  // The container's 200 ms of CPU, or its 400 ms without a pause, where a busy machine makes one last as long as the other.
  expect(unnarrowed).toMatchObject({ limit: { value: expect.anything() } });
  const { limit } = unnarrowed as { limit: { name: string; value: number } };
  expect(["cpu_ms 200", "sync_ms 400"]).toContain(
    `${limit.name} ${limit.value}`,
  );
});

test("under a share of a core CPU time is still what is counted", async () => {
  await annex.control("containers").createContainer({
    name: "shared-core",
    limits: { ...none, cpuPercent: 25, cpuMs: 200, syncMs: 5000, wallMs: 8000 },
  });
  await annex.publish(
    "shared-core",
    "spin",
    `${spin} module.exports = (ctx, cb) => { spin(ctx.data.ms); cb(null, "done"); };`,
  );
  // A machine that gets busier all the time may end it, retryably, before it can tell.
  await expect
    .poll(() => spinFor(10_000), { timeout: 20_000 })
    .toMatchObject({
      reason: "cpu_time",
      limit: { name: "cpu_ms", value: 200 },
    });
  expect(await spinFor(50)).toMatchObject({ payload: "done" });
});

test("a point narrows the wall time of its calls", async () => {
  const call = { container: "acme", payload: { sleepMs: 600 } };
  expect(await client.invoke({ ...call, extension: "work" })).toMatchObject({
    payload: "done",
  });
  expect(await client.invoke({ ...call, point: "hurried" })).toMatchObject({
    reason: "wall_time",
    limit: { name: "wall_ms", value: 250 },
  });
});

test("the caller's deadline is told inside as what is left", async () => {
  const outcome = await client.invoke({
    container: "acme",
    extension: "remaining",
    timeoutMs: 700,
  });
  const { before, after } = (
    outcome as { payload: { before: number; after: number } }
  ).payload;
  expect(before).toBeGreaterThan(300);
  expect(before).toBeLessThanOrEqual(700);
  expect(before - after).toBeGreaterThanOrEqual(40);
});

test("new limits of a container hold for the next call", async () => {
  const containers = annex.control("containers");
  await containers.createContainer({ name: "changing" });
  await annex.publish(
    "changing",
    "wait",
    `${sleep} module.exports = async () => { await sleep(400); return "done"; };`,
  );
  expect(await wait()).toMatchObject({ payload: "done" });
  await containers.updateContainer({
    name: "changing",
    limits: { ...none, wallMs: 100 },
  });
  await expect
    .poll(wait)
    .toMatchObject({ reason: "wall_time", limit: { value: 100 } });
});

function spinFor(ms: number) {
  return client.invoke({
    container: "shared-core",
    extension: "spin",
    payload: { ms },
  });
}

function wait() {
  return client.invoke({ container: "changing", extension: "wait" });
}

function work(payload: object) {
  return client.invoke({
    container: "acme",
    extension: "work",
    payload,
    cpuMs: 50,
  });
}

function loop(syncMs: number) {
  return client.invoke({
    container: "acme",
    extension: "work",
    payload: { spinMs: 5000 },
    cpuMs: 60_000,
    syncMs,
  });
}
