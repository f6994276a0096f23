/** InvokeStream and the unary methods as a gRPC client of any language meets them on the socket. */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { status } from "@grpc/grpc-js";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { Annex as Client } from "../../clients/node/index.ts";
import type { InvokeStreamResponse } from "../../proto/gen/annex/invoke/v1/invoke.ts";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { repositoryRoot } from "../support/paths.ts";
import { residentBytes } from "../support/processes.ts";
import { callOf, openRawHop } from "../support/raw-hop.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";

const run = promisify(execFile);
const mebibyte = 1024 * 1024;

let annex: TestAnnex;
let client: Client;

const sources = {
  echo: "module.exports = (ctx, cb) => cb(null, ctx.data);",
  wait: "module.exports = (ctx, cb) => { setTimeout(cb, ctx.data.ms, null, ctx.data); };",
  never: "module.exports = (cb) => {};",
  large: `const text = "x".repeat(${mebibyte} - 2); module.exports = (cb) => cb(null, text);`,
};

async function publishAll(into: TestAnnex): Promise<void> {
  for (const container of ["acme", "other"]) {
    await into.createContainer(container);
    for (const [extension, source] of Object.entries(sources))
      await into.publish(container, extension, source);
  }
}

beforeAll(async () => {
  // More than one stream may have in flight, so that the stream's own bound is the one that is met.
  annex = await openAnnex({
    sandboxd: ["--max-running-calls", "5000", "--wall-ms", "60000"],
  });
  client = annex.client();
  await publishAll(annex);
});

afterAll(() => closeAnnex(annex));

function openHop(socket = annex.socket) {
  const hop = openRawHop(socket);
  onTestFinished(() => hop[Symbol.dispose]());
  return hop;
}

function openStream(socket?: string) {
  const stream = openHop(socket).openStream();
  onTestFinished(() => stream.abort());
  return stream;
}

function payloadOf(message: InvokeStreamResponse["message"]): unknown {
  if (message?.$case !== "response") return message;
  const { outcome } = message.value;
  if (outcome?.$case !== "result") return outcome;
  return JSON.parse(outcome.value.payload.toString());
}

test("answers come as they are ready, each to its own id", async () => {
  const stream = openStream();
  for (const container of ["acme", "other"])
    for (const extension of ["wait", "echo"])
      await client.invoke({ container, extension, payload: { ms: 0 } });
  stream.invoke(7, callOf("acme", "wait", { ms: 300 }));
  stream.invoke(2n ** 64n - 1n, callOf("other", "echo", { n: 1 }));
  stream.invoke(3, {
    container: "acme",
    target: { $case: "point", value: "p" },
  });
  stream.invoke(4, callOf("acme", "wait", { ms: 10 }));
  await stream.until((received) => received.length === 4);
  expect(stream.received.at(-1)?.id).toBe(7n);
  expect(payloadOf(await stream.answer(7))).toEqual({ ms: 300 });
  expect(payloadOf(await stream.answer(2n ** 64n - 1n))).toEqual({ n: 1 });
  expect(payloadOf(await stream.answer(3))).toMatchObject({ $case: "skipped" });
  expect(payloadOf(await stream.answer(4))).toEqual({ ms: 10 });
});

test("an id in flight is refused a second time, and free again after its answer", async () => {
  const stream = openStream();
  stream.invoke(1, callOf("acme", "wait", { ms: 200 }));
  stream.invoke(1, callOf("acme", "echo", {}));
  expect(await stream.answer(1)).toMatchObject({
    $case: "error",
    value: { code: status.INVALID_ARGUMENT },
  });
  await stream.until(() => stream.answers(1).length === 2);
  expect(payloadOf(stream.answers(1)[1])).toEqual({ ms: 200 });
  stream.invoke(1, callOf("acme", "echo", { again: true }));
  await stream.until(() => stream.answers(1).length === 3);
  expect(payloadOf(stream.answers(1)[2])).toEqual({ again: true });
});

test("a malformed message is refused alone, and the stream goes on", async () => {
  const stream = openStream();
  const malformed = {
    $case: "error",
    value: { code: status.INVALID_ARGUMENT },
  };
  stream.send({ id: 5n, message: undefined });
  stream.invoke(6, { container: "acme" });
  stream.invoke(8, { target: { $case: "extension", value: "echo" } });
  stream.invoke(0, callOf("acme", "echo"));
  for (const id of [5, 6, 8, 0])
    expect(await stream.answer(id)).toMatchObject(malformed);
  stream.cancel(99); // of nothing: nothing
  stream.invoke(9, callOf("acme", "echo", { well: true }));
  expect(payloadOf(await stream.answer(9))).toEqual({ well: true });
});

test("the 1,025th call in flight is refused as too many", async () => {
  const stream = openStream();
  for (let id = 1; id <= 1025; id++) stream.invoke(id, callOf("acme", "never"));
  expect(payloadOf(await stream.answer(1025))).toMatchObject({
    $case: "failure",
    value: {
      reason: 19,
      source: 4,
      retryable: true,
      limit: { name: "in_flight_per_stream", value: 1024n, observed: 1025n },
    },
  });
  stream.cancel(1);
  expect(await stream.answer(1)).toMatchObject({
    $case: "error",
    value: { code: status.CANCELLED },
  });
  stream.invoke(1026, callOf("acme", "echo", { room: true }));
  expect(payloadOf(await stream.answer(1026))).toEqual({ room: true });
});

test("a stream that breaks off cancels what it had in flight", async () => {
  const stream = openStream();
  for (let id = 1; id <= 1000; id++) stream.invoke(id, callOf("acme", "never"));
  stream.invoke(2000, callOf("acme", "echo"));
  await stream.answer(2000);
  const before = await cancelledCalls();
  stream.abort();
  await expect
    .poll(async () => (await cancelledCalls()) - before, { timeout: 10_000 })
    .toBe(1000);
});

/** How many calls ended without an outcome: cancelled ones. */
async function cancelledCalls(): Promise<number> {
  const reply = await fetch(`${annex.gateway}/metrics`);
  const text = await reply.text();
  const line = /^annex_invocations_total\{outcome="error"[^}]*\} (\d+)/m;
  return Number(line.exec(text)?.[1] ?? 0);
}

test("a stream that says it is done is still answered, and then ended", async () => {
  const stream = openStream();
  stream.invoke(1, callOf("acme", "wait", { ms: 200 }));
  stream.end();
  expect(payloadOf(await stream.answer(1))).toEqual({ ms: 200 });
  expect((await stream.ended).code).toBe(status.OK);
});

test("a reader that stops reading costs bounded memory and nobody else's answers", async () => {
  const pid = annex.sandboxd?.pid ?? 0;
  await client.invoke({ container: "acme", extension: "large" });
  const beforeBytes = await residentBytes(pid);
  const stream = openStream();
  stream.pause();
  for (let id = 1; id <= 128; id++) stream.invoke(id, callOf("acme", "large"));
  let mostBytes = 0;
  for (let round = 0; round < 200; round++) {
    const payload = { round };
    expect(
      await client.invoke({
        container: "other",
        extension: "wait",
        payload: { ...payload, ms: 10 },
      }),
    ).toMatchObject({ payload });
    mostBytes = Math.max(mostBytes, await residentBytes(pid));
  }
  expect(mostBytes - beforeBytes).toBeLessThan(300 * mebibyte);
  stream.resume();
  // Calls that the host had not taken yet waited with the caller; had it taken more than it holds, it would say so.
  await Promise.race([
    stream.until((received) => received.length === 128),
    stream.ended,
  ]).catch(() => undefined);
  if (stream.received.length === 128) return;
  const ended = await stream.ended;
  expect(ended.code).toBe(status.RESOURCE_EXHAUSTED);
  expect(ended.details).toMatch(/unsent_bytes/);
});

test("a message over 8 MiB is refused as too large", async () => {
  const hop = openHop();
  const payload = Buffer.alloc(8 * mebibyte);
  const large = await hop.invoke({ ...callOf("acme", "echo"), payload });
  expect(large).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  const stream = openStream();
  stream.invoke(1, { ...callOf("acme", "echo"), payload });
  expect((await stream.ended).code).toBe(status.RESOURCE_EXHAUSTED);
  // What the wire takes and the container does not is a failure, no error.
  const within = Buffer.alloc(2 * mebibyte);
  expect(
    await hop.invoke({ ...callOf("acme", "echo"), payload: within }),
  ).toMatchObject({ response: { outcome: { value: { reason: 16 } } } });
});

test("unary calls answer, and refuse what is malformed", async () => {
  const hop = openHop();
  expect(await hop.invoke(callOf("acme", "echo", { a: 1 }))).toMatchObject({
    response: {
      invocationId: expect.stringMatching(/./),
      version: 1,
      outcome: {
        $case: "result",
        value: {
          payload: Buffer.from('{"a":1}'),
          contentType: "application/json",
          httpStatus: 200,
        },
      },
    },
  });
  for (const request of [{}, { container: "acme" }])
    expect(await hop.invoke(request)).toMatchObject({
      code: status.INVALID_ARGUMENT,
    });
  const path = "/annex.invoke.v1.InvokeService/Invoke";
  const noise = await hop.bytes(path, randomBytes(64).fill(0xff, 0, 8));
  expect(noise).toMatchObject({ code: expect.any(Number) });
  expect("code" in noise && noise.details).not.toMatch(/node:|\n|\/work\//);
  expect(
    await hop.bytes("/annex.invoke.v1.InvokeService/Nothing", Buffer.alloc(0)),
  ).toMatchObject({ code: status.UNIMPLEMENTED });
  expect(await hop.invoke(callOf("acme", "echo", 1))).toHaveProperty(
    "response",
  );
});

test("Discover tells what is bound at each point", async () => {
  const hop = openHop();
  for (const name of ["first", "second"])
    await annex.control("points").createPoint({ name });
  await annex.publish("other", "bound", sources.echo, { points: ["first"] });
  const all = { code: status.INVALID_ARGUMENT };
  expect(await hop.discover({})).toMatchObject(all);
  const binding = {
    point: "first",
    extension: "bound",
    enabled: true,
    version: 1,
  };
  await expect
    .poll(() => hop.discover({ container: "other" }))
    .toEqual({ response: { bindings: [binding] } });
  expect(await hop.discover({ container: "other", point: "second" })).toEqual({
    response: { bindings: [] },
  });
  await annex.control("extensions").updateExtension({
    container: "other",
    extension: "bound",
    enabled: false,
  });
  await expect
    .poll(() => hop.discover({ container: "other", point: "first" }))
    .toEqual({ response: { bindings: [{ ...binding, enabled: false }] } });
  expect(
    await hop.discover({ container: "other", token: "no.token" }),
  ).toMatchObject({ code: status.UNAUTHENTICATED });
});

/** `buf curl` knows our messages from reflection alone. */
async function bufCurl(method: string, data: object): Promise<unknown> {
  const buf = join(repositoryRoot, "node_modules/.bin/buf");
  const { stdout } = await run(buf, [
    "curl",
    "--unix-socket",
    annex.socket,
    "--protocol",
    "grpc",
    "--http2-prior-knowledge",
    "--data",
    JSON.stringify(data),
    `http://localhost/${method}`,
  ]);
  return JSON.parse(stdout);
}

test("buf curl calls by reflection, with nothing but the socket", async () => {
  const payload = Buffer.from('{"a":1}').toString("base64");
  const call = { container: "acme", extension: "echo", payload };
  const service = "annex.invoke.v1.InvokeService";
  expect(await bufCurl(`${service}/Invoke`, call)).toMatchObject({
    version: 1,
    result: { payload, contentType: "application/json", httpStatus: 200 },
  });
  expect(
    await bufCurl(`${service}/InvokeStream`, { id: "7", invoke: call }),
  ).toMatchObject({ id: "7", response: { result: { payload } } });
  expect(
    await bufCurl(`${service}/Invoke`, { ...call, extension: "nothing" }),
  ).toMatchObject({ failure: { reason: "FAILURE_REASON_NOT_FOUND" } });
  for (const asked of ["", service])
    expect(
      await bufCurl("grpc.health.v1.Health/Check", { service: asked }),
    ).toEqual({ status: "SERVING" });
});

test("at SIGTERM callers are asked to go, and what is in flight is answered", async () => {
  const going = await startAnnex();
  await publishAll(going);
  const stream = openStream(going.socket);
  stream.invoke(1, callOf("acme", "wait", { ms: 0 }));
  await stream.answer(1);
  stream.invoke(2, callOf("acme", "wait", { ms: 1000 }));
  stream.invoke(3, callOf("acme", "echo"));
  await stream.answer(3);
  const gone = going.sandboxd?.stop();
  expect(await stream.answer(0)).toMatchObject({ $case: "draining" });
  stream.invoke(4, callOf("acme", "echo"));
  expect(await stream.answer(4)).toMatchObject({
    $case: "error",
    value: { code: status.UNAVAILABLE },
  });
  expect(payloadOf(await stream.answer(2))).toEqual({ ms: 1000 });
  stream.end();
  expect(await gone).toBe(0);
});
