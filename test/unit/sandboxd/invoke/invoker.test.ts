import { trace } from "@opentelemetry/api";
import { expect, test } from "vitest";
import { AnnexError } from "../../../../proto/errors.ts";
import { InvokeRequest } from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import type { InvocationOutcome } from "../../../../sandboxd/invoke/conclude.ts";
import { createInvoker } from "../../../../sandboxd/invoke/invoker.ts";
import { createRecorder } from "../../../../sandboxd/invoke/record.ts";
import type { Call, Run } from "../../../../sandboxd/invoke/run.ts";
import type {
  LoadableVersion,
  ServedExtension,
} from "../../../../sandboxd/invoke/versions.ts";

test("a call whose version ceased to serve before it could be loaded runs on the one that serves now", async () => {
  const host = hostServing(1);
  const response = await host.invoke((version) => {
    host.serve(2);
    return version.key.startsWith("hello@1") ? bundleGone() : answered();
  });
  expect(response).toMatchObject({ version: 2 });
});

test("a version that serves and cannot be read fails its call", async () => {
  const host = hostServing(1);
  await expect(host.invoke(bundleGone)).rejects.toMatchObject({
    code: "unavailable",
  });
});

test("what a call asked of others before its caller gave it up is written down", async () => {
  const host = hostServing(1);
  const egressCounts = {
    answered: { requests: 120, sentBytes: 5, receivedBytes: 7 },
  };
  const invoking = host.invoke(async () => ({
    ...(await answered()),
    outcome: { kind: "cancelled" },
    egressCounts,
  }));
  await expect(invoking).rejects.toMatchObject({ code: "cancelled" });
  await expect.poll(() => host.records).toHaveLength(1);
  expect(host.records[0]).toMatchObject({
    outcome: "error",
    run: { egressCounts },
    serving: { extension: "hello" },
  });
  const counted: unknown[] = [];
  const recorder = createRecorder(trace.getTracer("none"), {
    invoked: () => undefined,
    coldStarted: () => undefined,
    egress: (counts) => counted.push(counts),
  });
  for (const record of host.records) recorder(record);
  expect(counted).toEqual([egressCounts]);
});

test("a call that had to wait, and then took too long, is told all of its time", async () => {
  const host = hostServing(1);
  const { promise: over, resolve: end } = Promise.withResolvers<void>();
  const first = host.invoke(async () => {
    await over;
    return answered();
  });
  const second = host.invoke(async (_, { wallMs }) => ({
    ...(await answered()),
    outcome: {
      kind: "failed",
      failure: {
        reason: "wall_time",
        message: `no answer within ${wallMs} ms`,
        limit: { name: "wall_ms", value: wallMs, observed: wallMs },
      },
    },
  }));
  setTimeout(end, 50);
  await first;
  const { outcome } = await second;
  if (outcome?.$case !== "failure") throw new Error("it did not fail");
  expect(outcome.value.limit).toMatchObject({ name: "wall_ms", value: 1000n });
  expect(Number(outcome.value.limit?.observed)).toBeGreaterThanOrEqual(45);
  expect(outcome.value.message).toMatch(
    /^no answer within 1000 ms: the call waited \d+ ms for others/,
  );
});

function hostServing(number: number) {
  let serving = extension(number);
  const limits = {
    wallMs: 1000,
    syncMs: 1000,
    maxPayloadBytes: 1024,
    cpuMs: 1000,
    maxRunningCalls: 1,
    maxQueuedCalls: 1,
    maxHeldPayloadBytes: 1024 * 1024,
    maxHeldPayloadBytesPerContainer: 1024 * 1024,
  };
  const records: InvocationOutcome[] = [];
  const runs: Runs[] = [];
  const invoker = createInvoker(limits, {
    catalog: {
      hasContainer: () => true,
      extension: () => serving,
      bound: () => undefined,
      containerSettings: () => undefined,
      pointLimits: () => undefined,
      readBundle: bundleGone,
      readInline: bundleGone,
    },
    run: (version, call) =>
      runs[Number(call.payload)]?.(version, call) ?? bundleGone(),
    buildInline: () => Promise.resolve(undefined),
    record: (record) => records.push(record),
  });
  return {
    records,
    serve(next: number) {
      serving = extension(next);
    },
    invoke(run: Runs) {
      const payload = Buffer.from(String(runs.push(run) - 1));
      const request = InvokeRequest.create({
        container: "acme",
        target: { $case: "extension", value: "hello" },
        payload,
      });
      return invoker.invoke(request, { mayManage: false });
    },
  };
}

type Runs = (version: LoadableVersion, call: Call) => Promise<Run>;

function extension(number: number): ServedExtension {
  return {
    container: "acme",
    extension: "hello",
    enabled: true,
    version: { number, digest: `digest of ${number}`, runtime: "2026.1" },
    secrets: {},
    meta: {},
  };
}

function bundleGone(): Promise<never> {
  return Promise.reject(new AnnexError("unavailable", "it is not held"));
}

function answered(): Promise<Run> {
  return Promise.resolve({
    outcome: {
      kind: "answered",
      payload: Buffer.from("1"),
      contentType: "application/json",
      httpStatus: 200,
      headers: [],
    },
    isCold: true,
    isUnloadable: false,
    admittedAt: 0,
    acquiredAt: 0,
    loadedAt: 0,
    endedAt: 0,
    runUs: 0,
    compileUs: 0,
    egress: [],
    egressCounts: {},
  });
}
