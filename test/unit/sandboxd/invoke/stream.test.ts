import { expect, test } from "vitest";
import { AnnexError } from "../../../../proto/errors.ts";
import type {
  InvokeRequest,
  InvokeResponse,
  InvokeStreamResponse,
} from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import { InvokeRequest as InvokeRequestCodec } from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import { reasonNameOf } from "../../../../proto/rpc/failure-names.ts";
import { Portions } from "../../../../sandboxd/invoke/portions.ts";
import { resultResponse } from "../../../../sandboxd/invoke/response.ts";
import {
  InvokeStream,
  maxInFlightPerStream,
} from "../../../../sandboxd/invoke/stream.ts";

/** A carrier in memory, whose reader may stop reading, and an invoker whose calls end when told. */
function openStream() {
  const sent: InvokeStreamResponse[] = [];
  const calls = new Map<
    string,
    {
      signal: AbortSignal;
      end(response: InvokeResponse): void;
      fail(error: Error): void;
    }
  >();
  const state = {
    isReading: true,
    isPaused: false,
    end: undefined as unknown,
    hasEnded: false,
    isOver: false,
  };
  const stream = new InvokeStream(
    {
      send(message) {
        sent.push(message);
        return state.isReading;
      },
      pause: () => (state.isPaused = true),
      resume: () => (state.isPaused = false),
      end(error) {
        state.hasEnded = true;
        state.end = error;
      },
    },
    {
      portions: new Portions(),
      invoke: (asked, signal) =>
        new Promise((end, fail) =>
          calls.set(asked.container, { signal, end, fail }),
        ),
      onOver: () => (state.isOver = true),
    },
  );
  return { stream, sent, calls, state };
}

function request(container: string): InvokeRequest {
  return { ...InvokeRequestCodec.decode(new Uint8Array(0)), container };
}

function invoke(stream: InvokeStream, id: bigint, container: string): void {
  stream.message({
    id,
    message: { $case: "invoke", value: request(container) },
  });
}

function result(bytes: number): InvokeResponse {
  const frame = {
    invocationId: "i",
    version: 1,
    isCold: false,
    timings: undefined,
  };
  return resultResponse(frame, {
    payload: Buffer.alloc(bytes),
    contentType: "text/plain",
    httpStatus: 200,
    headers: [],
  });
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("answers in the order the answers are ready", async () => {
  const { stream, sent, calls } = openStream();
  invoke(stream, 1n, "slow");
  invoke(stream, 2n, "fast");
  calls.get("fast")?.end(result(1));
  await settled();
  calls.get("slow")?.end(result(1));
  await settled();
  expect(sent.map(({ id }) => id)).toEqual([2n, 1n]);
});

test("refuses an id that is in flight and leaves the first call alone", async () => {
  const { stream, sent, calls } = openStream();
  invoke(stream, 5n, "first");
  invoke(stream, 5n, "second");
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({
    id: 5n,
    message: { $case: "error", value: { code: 3 } },
  });
  expect(calls.has("second")).toBe(false);
  calls.get("first")?.end(result(1));
  await settled();
  expect(sent[1]).toMatchObject({ id: 5n, message: { $case: "response" } });
});

test("an answered id may be used again", async () => {
  const { stream, sent, calls } = openStream();
  invoke(stream, 5n, "first");
  calls.get("first")?.end(result(1));
  await settled();
  invoke(stream, 5n, "second");
  calls.get("second")?.end(result(1));
  await settled();
  expect(sent.map(({ message }) => message?.$case)).toEqual([
    "response",
    "response",
  ]);
});

test("fails the call that is one too many with concurrency", () => {
  const { stream, sent } = openStream();
  for (let id = 1; id <= maxInFlightPerStream; id++)
    invoke(stream, BigInt(id), `c${id}`);
  expect(sent).toHaveLength(0);
  invoke(stream, 9999n, "extra");
  const message = sent[0]?.message;
  const outcome =
    message?.$case === "response" ? message.value.outcome : undefined;
  expect(
    outcome?.$case === "failure" && reasonNameOf(outcome.value.reason),
  ).toBe("concurrency");
});

test("an abandoned stream cancels what is in flight", () => {
  const { stream, calls, state } = openStream();
  invoke(stream, 1n, "a");
  invoke(stream, 2n, "b");
  stream.closed();
  expect([...calls.values()].every(({ signal }) => signal.aborted)).toBe(true);
  expect(state.isOver).toBe(true);
});

test("a cancel reaches its call and no other", async () => {
  const { stream, sent, calls } = openStream();
  invoke(stream, 1n, "a");
  invoke(stream, 2n, "b");
  stream.message({ id: 1n, message: { $case: "cancel", value: {} } });
  expect(calls.get("a")?.signal.aborted).toBe(true);
  expect(calls.get("b")?.signal.aborted).toBe(false);
  calls.get("a")?.fail(new AnnexError("cancelled", "given up"));
  await settled();
  expect(sent[0]).toMatchObject({
    id: 1n,
    message: { $case: "error", value: { code: 1 } },
  });
});

test("a half-closed stream ends when its last call has been answered", async () => {
  const { stream, calls, state } = openStream();
  invoke(stream, 1n, "a");
  stream.ended();
  expect(state.hasEnded).toBe(false);
  calls.get("a")?.end(result(1));
  await settled();
  expect(state.hasEnded).toBe(true);
});

test("takes nothing new from a reader that is behind, until it has caught up", async () => {
  const { stream, calls, state } = openStream();
  invoke(stream, 1n, "a");
  state.isReading = false;
  calls.get("a")?.end(result(1));
  await settled();
  expect(state.isPaused).toBe(true);
  state.isReading = true;
  stream.drained();
  expect(state.isPaused).toBe(false);
});

test("ends a stream whose reader has stopped reading before memory fills", async () => {
  const { stream, sent, calls, state } = openStream();
  state.isReading = false;
  const answerBytes = 6 * 1024 * 1024;
  for (let id = 1; id <= 100; id++) invoke(stream, BigInt(id), `c${id}`);
  for (const call of calls.values()) call.end(result(answerBytes));
  await settled();
  expect(state.end).toMatchObject({ code: "exhausted" });
  expect(sent.length).toBeLessThan(13);
  expect(state.isOver).toBe(true);
});

test("an error of ours crosses as a fixed phrase", async () => {
  const { stream, sent, calls } = openStream();
  invoke(stream, 1n, "a");
  calls.get("a")?.fail(new Error("secret path /etc/annex"));
  await settled();
  expect(JSON.stringify(sent[0]?.message)).not.toContain("secret");
  expect(sent[0]).toMatchObject({
    message: { $case: "error", value: { code: 13 } },
  });
});

test("takes a burst in portions, so that others' messages come between them", async () => {
  const { stream, state } = openStream();
  let taken = 0;
  while (!state.isPaused) invoke(stream, BigInt(++taken), `c${taken}`);
  expect(taken).toBe(16);
  await settled();
  expect(state.isPaused).toBe(false);
});

test("takes a large payload as a portion of its own", async () => {
  const { stream, state } = openStream();
  const value = { ...request("acme"), payload: Buffer.alloc(1024 * 1024) };
  stream.message({ id: 1n, message: { $case: "invoke", value } });
  expect(state.isPaused).toBe(true);
  await settled();
  expect(state.isPaused).toBe(false);
});

test("a stream that rests does not go on reading for a reader that is behind", async () => {
  const { stream, calls, state } = openStream();
  invoke(stream, 1n, "a");
  state.isReading = false;
  calls.get("a")?.end(result(1));
  await settled();
  for (let id = 2n; id <= 20n; id++) invoke(stream, id, `c${id}`);
  await settled();
  expect(state.isPaused).toBe(true);
  stream.drained();
  expect(state.isPaused).toBe(false);
});
