import { propagation, trace } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { type ReadableSpan, TracerProvider } from "@opentelemetry/sdk-trace";
import { expect, onTestFinished, test, vi } from "vitest";
import { HeldState } from "../../../../proto/gen/annex/sync/v1/sync.ts";
import type { LoadFailure } from "../../../../sandboxd/protocol.ts";
import {
  extensionState,
  type FakeStream,
  patience,
  sha256,
} from "./fake-control-plane.ts";
import { startHost, temporaryFolder, type TestHost } from "./host.ts";

const syntaxError: LoadFailure = {
  reason: "syntax",
  message: "index.ts:3:7: Unexpected token",
  file: "index.ts",
  line: 3,
  column: 7,
};

test("refuses a version that does not evaluate, and goes on serving the old one with what else is new", async () => {
  const folder = await temporaryFolder();
  const { host, stream } = await startServing(folder);
  host.check = () => Promise.resolve(syntaxError);
  const published = stream.change(
    2n,
    extensionState({
      number: 2,
      enabled: false,
      points: ["login"],
      secrets: { KEY: "new" },
    }),
  );
  stream.caughtUp(2n);
  expect(await stream.ack(published)).toMatchObject({
    refusal: syntaxError,
    held: { version: 2, state: HeldState.REFUSED, refusal: syntaxError },
  });
  await reaches(host, 2n);
  const serving = {
    enabled: false,
    version: { number: 1, digest: sha256("version 1") },
    points: ["login"],
    secrets: { KEY: "new" },
  };
  expect(host.catalog.extension("acme", "hello")).toMatchObject(serving);
  await host.sync.close();

  const restarted = await startHost(folder);
  expect(restarted.catalog.extension("acme", "hello")).toMatchObject(serving);
  const hello = (await restarted.controlPlane.stream(0)).hello;
  expect(hello?.position?.revision).toBe(2n);
  expect(hello?.held).toMatchObject([
    { version: 1, state: HeldState.COMPILED },
    { version: 2, state: HeldState.REFUSED, refusal: syntaxError },
  ]);
});

test("does not check again what it has refused, unless secrets or meta are others", async () => {
  const folder = await temporaryFolder();
  const { host, stream } = await startServing(folder);
  host.check = () => Promise.resolve(syntaxError);
  await stream.ack(stream.change(2n, extensionState({ number: 2 })));
  stream.caughtUp(2n);
  await reaches(host, 2n);
  await host.sync.close();

  const restarted = await startHost(folder);
  const next = await restarted.controlPlane.stream(0);
  next.welcome("h1", true);
  const same = next.change(3n, extensionState({ number: 2, sent: "" }));
  expect((await next.ack(same)).refusal).toEqual(syntaxError);
  expect(restarted.checked).toEqual([]);
  const other = next.change(
    4n,
    extensionState({ number: 2, sent: "", secrets: { KEY: "right" } }),
  );
  expect((await next.ack(other)).refusal).toBeUndefined();
  expect(restarted.checked).toEqual(["hello@2"]);
  expect(restarted.catalog.extension("acme", "hello")?.version.number).toBe(2);
  expect(restarted.catalog.refused("acme", "hello")).toBeUndefined();
});

test("needs no second check to roll back", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  await stream.ack(stream.change(2n, extensionState({ number: 2 })));
  const back = stream.change(3n, extensionState({ number: 1, sent: "" }));
  expect((await stream.ack(back)).refusal).toBeUndefined();
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(1);
  expect(host.checked).toEqual(["hello@1", "hello@2"]);
});

test("refuses a version of a runtime it does not hold", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  const published = stream.change(
    2n,
    extensionState({ number: 2, runtime: "2031.1" }),
  );
  expect((await stream.ack(published)).refusal).toMatchObject({
    reason: "runtime",
    message: expect.stringMatching(
      /^the version was built for runtime 2031\.1, and this host holds 2026\.1: /,
    ),
  });
  expect(host.checked).toEqual(["hello@1"]);
  expect(host.catalog.extension("acme", "hello")?.version.number).toBe(1);
});

test("refuses for good a version that loses every executor it is given", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  host.check = () =>
    Promise.resolve({ reason: "executor_lost", message: "lost" });
  const published = stream.change(2n, extensionState({ number: 2 }));
  stream.caughtUp(2n);
  expect((await stream.ack(published)).refusal?.reason).toBe("executor_lost");
  expect(host.checked).toEqual(["hello@1", "hello@2", "hello@2", "hello@2"]);
  await reaches(host, 2n);
});

test("asks again, later, for a version that could not be checked", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  host.check = () => Promise.reject(new Error("no executor starts"));
  const published = stream.change(2n, extensionState({ number: 2 }));
  stream.caughtUp(2n);
  expect((await stream.ack(published)).refusal?.reason).toBe("executor_lost");
  host.check = () => Promise.resolve(undefined);
  await host.wake();
  const next = await host.controlPlane.stream(1);
  expect(next.hello).toMatchObject({
    position: { revision: 1n },
    held: [{ version: 1 }],
  });
  next.welcome("h1");
  const again = next.change(2n, extensionState({ number: 2 }));
  next.caughtUp(2n);
  expect((await next.ack(again)).refusal).toBeUndefined();
  await reaches(host, 2n);
});

test("makes the new version warm before it takes over", async () => {
  const order: string[] = [];
  const host = await startHost(await temporaryFolder(), {
    overrides: {
      warm: async (candidate) => {
        const serving = host.catalog.extension("acme", "hello");
        order.push(
          `warm ${candidate.version.number} while ${serving?.version.number} serves: ${candidate.content.toString("utf8", 0, candidate.version.bundleBytes)}`,
        );
        return true;
      },
    },
  });
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  await stream.ack(stream.change(1n, extensionState()));
  const published = stream.change(2n, extensionState({ number: 2 }));
  expect((await stream.ack(published)).held?.state).toBe(HeldState.WARM);
  expect(order).toEqual([
    "warm 1 while undefined serves: version 1",
    "warm 2 while 1 serves: version 2",
  ]);
});

test("applies a disable while the checks of others take their time", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  const release = holdChecks(host);
  const slow = Array.from({ length: 8 }, (_, index) =>
    stream.change(2n, extensionState({ extension: `slow-${index}` })),
  );
  const disabled = stream.change(
    3n,
    extensionState({ enabled: false, sent: "" }),
  );
  stream.caughtUp(3n);
  await stream.ack(disabled);
  expect(host.catalog.extension("acme", "hello")?.enabled).toBe(false);
  expect(stream.acks.some(({ nonce }) => slow.includes(nonce))).toBe(false);
  expect(host.catalog.position()?.revision).toBe(1n);
  release();
  for (const nonce of slow) await stream.ack(nonce);
  await reaches(host, 3n);
});

test("checks only a few versions at once", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  const release = holdChecks(host);
  const nonces = Array.from({ length: 10 }, (_, index) =>
    stream.change(2n, extensionState({ extension: `e${index}` })),
  );
  await vi.waitFor(() => expect(host.checked.length).toBe(4), patience);
  const stored = () =>
    stream.held.filter(({ state }) => state === HeldState.STORED);
  await vi.waitFor(() => expect(stored()).toHaveLength(11), patience);
  expect(host.checked.length).toBe(4);
  release();
  for (const nonce of nonces) await stream.ack(nonce);
});

test("skips what was superseded before its turn came, and answers for both", async () => {
  const { host, stream } = await startServing(await temporaryFolder());
  const release = holdChecks(host);
  const second = stream.change(2n, extensionState({ number: 2 }));
  await vi.waitFor(() => expect(host.checked).toContain("hello@2"), patience);
  const third = stream.change(3n, extensionState({ number: 3 }));
  const fourth = stream.change(4n, extensionState({ number: 4 }));
  stream.caughtUp(4n);
  release();
  expect((await stream.ack(second)).held?.version).toBe(2);
  expect((await stream.ack(fourth)).held?.version).toBe(4);
  expect(await stream.ack(third)).toEqual({
    nonce: third,
    refusal: undefined,
    held: undefined,
  });
  expect(host.checked).toEqual(["hello@1", "hello@2", "hello@4"]);
  await reaches(host, 4n);
});

test("applies under a span of the trace that made the change", async () => {
  const spans = recordSpans();
  const { stream } = await startServing(await temporaryFolder());
  const nonce = stream.change(2n, extensionState({ number: 2 }), {
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  });
  await stream.ack(nonce);
  const span = spans.find(
    (one) => one.spanContext().traceId === "0af7651916cd43dd8448eb211c80319c",
  );
  expect(span).toMatchObject({
    name: "sync apply",
    parentSpanContext: { spanId: "b7ad6b7169203331" },
    attributes: {
      "annex.container": "acme",
      "annex.extension": "hello",
      "annex.outcome": "applied",
    },
  });
});

/** Publishes hello@1 at revision 1. */
async function startServing(
  folder: string,
): Promise<{ host: TestHost; stream: FakeStream }> {
  const host = await startHost(folder);
  const stream = await host.controlPlane.stream(0);
  stream.welcome("h1");
  const published = stream.change(1n, extensionState());
  stream.caughtUp(1n);
  await stream.ack(published);
  await reaches(host, 1n);
  return { host, stream };
}

/** Every check from now on waits until the function it gives is called. */
function holdChecks(host: TestHost): () => void {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  host.check = () => promise;
  return () => resolve(undefined);
}

function reaches(host: TestHost, revision: bigint): Promise<void> {
  return vi.waitFor(
    () => expect(host.catalog.position()?.revision).toBe(revision),
    patience,
  );
}

/** The spans that end from now on. */
function recordSpans(): ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const recorder = {
    onStart: () => undefined,
    onEnd: (span: ReadableSpan) => void spans.push(span),
    forceFlush: () => Promise.resolve(),
    shutdown: () => Promise.resolve(),
  };
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(
    new TracerProvider({ spanProcessors: [recorder] }),
  );
  onTestFinished(() => {
    trace.disable();
    propagation.disable();
  });
  return spans;
}
