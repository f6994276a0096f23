import { expect, test } from "vitest";
import {
  AnnexError,
  failureReasons,
  type CallFailure,
  type ErrorCode,
  type FailureReason,
} from "../../../../proto/errors.ts";
import type { Result } from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import { failureOf, resultOf, startHarness } from "./harness.ts";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

async function answerTo(result: Partial<Result>, method = "POST") {
  const { send } = await startHarness({
    invoke: () => Promise.resolve(resultOf(result)),
  });
  return send("/api/run/acme/greet", { method });
}

test("answers 200 with content type and bytes of a result", async () => {
  const answer = await answerTo({
    payload: Buffer.from('{"hello":"world"}'),
    contentType: "application/json",
  });
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    "content-type": "application/json",
    "content-length": "17",
    "x-wt-response-source": "webtask",
    "x-annex-invocation-id": "inv-1",
  });
  expect(answer.json()).toEqual({ hello: "world" });
});

test("sends every byte value as the code gave it", async () => {
  const answer = await answerTo({ payload: everyByte, httpStatus: 201 });
  expect(answer.status).toBe(201);
  expect(answer.body).toEqual(everyByte);
  expect(answer.headers["content-type"]).toBeUndefined();
});

test("keeps repeated headers apart and in order", async () => {
  const answer = await answerTo({
    headers: [
      { name: "Set-Cookie", value: "a=1; Path=/" },
      { name: "set-cookie", value: "b=2" },
      { name: "Set-Cookie", value: "a=3, x" },
      { name: "X-Custom", value: "caf\u00e9" },
    ],
  });
  expect(answer.headers["set-cookie"]).toEqual([
    "a=1; Path=/",
    "b=2",
    "a=3, x",
  ]);
  expect(answer.headers["x-custom"]).toBe("caf\u00e9");
});

test("drops headers that are not the code's to send", async () => {
  const answer = await answerTo({
    payload: Buffer.from("12345"),
    contentType: "text/plain",
    headers: Object.entries({
      Connection: "close, X-Nominated",
      "X-Nominated": "1",
      "Keep-Alive": "timeout=1",
      "Transfer-Encoding": "chunked",
      "Content-Length": "3",
      "Content-Type": "text/html",
      Upgrade: "h2c",
      TE: "trailers",
      Trailer: "x",
      "Proxy-Authenticate": "Basic",
      "X-WT-Response-Source": "proxy",
      "X-Annex-Invocation-Id": "forged",
      Traceparent: `00-${"1".repeat(32)}-${"1".repeat(16)}-01`,
      "X-Kept": "yes",
    }).map(([name, value]) => ({ name, value })),
  });
  expect(answer.body.toString()).toBe("12345");
  expect(answer.headers).toMatchObject({
    "content-length": "5",
    "content-type": "text/plain",
    "x-wt-response-source": "webtask",
    "x-annex-invocation-id": "inv-1",
    "x-kept": "yes",
  });
  expect(answer.headers["traceparent"]).not.toContain("1".repeat(32));
  for (const name of ["x-nominated", "upgrade", "te", "trailer"])
    expect(answer.headers[name], name).toBeUndefined();
  expect(answer.headers["proxy-authenticate"]).toBeUndefined();
});

test("drops malformed headers and sends the rest", async () => {
  const answer = await answerTo({
    payload: Buffer.from("ok"),
    headers: [
      { name: "x-split", value: "a\r\nset-cookie: evil=1" },
      { name: "x y", value: "1" },
      { name: "", value: "1" },
      { name: "x-snowman", value: "\u2603" },
      { name: "x-good", value: "1" },
    ],
  });
  expect(answer.body.toString()).toBe("ok");
  expect(answer.headers["x-good"]).toBe("1");
  expect(answer.headers["set-cookie"]).toBeUndefined();
  expect(answer.headers["x-split"]).toBeUndefined();
  expect(answer.headers["x-snowman"]).toBeUndefined();
});

test("answers HEAD with the length of the body and without it", async () => {
  const answer = await answerTo({ payload: everyByte }, "HEAD");
  expect(answer.status).toBe(200);
  expect(answer.headers["content-length"]).toBe("256");
  expect(answer.body).toHaveLength(0);
});

test.each([204, 304])("sends no length and no body with %i", async (status) => {
  const answer = await answerTo({ httpStatus: status, payload: everyByte });
  expect(answer.status).toBe(status);
  expect(answer.headers["content-length"]).toBeUndefined();
  expect(answer.headers["transfer-encoding"]).toBeUndefined();
  expect(answer.body).toHaveLength(0);
});

test.each([100, 101, 199, 600, 65_536])(
  "refuses to send the status %i",
  async (status) => {
    const answer = await answerTo({ httpStatus: status });
    expect(answer.status).toBe(500);
    expect(answer.json()).toMatchObject({ reason: "invalid_result" });
  },
);

test("refuses headers beyond the limit, which it names", async () => {
  const answer = await answerTo({
    headers: [{ name: "x-long", value: "a".repeat(20_000) }],
  });
  expect(answer.status).toBe(500);
  expect(answer.json()).toMatchObject({
    reason: "result_size",
    limit: { name: "answer_header_bytes", value: 16_384 },
  });
});

test("answers a callback's error as webtask did", async () => {
  const answer = await failWith({
    reason: "callback_error",
    message: "Some error",
    errorName: "Error",
  });
  expect(answer.status).toBe(400);
  expect(answer.headers["x-wt-response-source"]).toBe("webtask");
  expect(answer.headers["content-type"]).toBe("application/json");
  expect(answer.headers["x-annex-invocation-id"]).toBe("inv-2");
  expect(answer.json()).toEqual({
    code: 400,
    error: "Script returned an error.",
    details: "Error: Some error",
    name: "Error",
    message: "Some error",
    reason: "callback_error",
    retryable: false,
  });
});

test("answers a callback's error with the status it asks for", async () => {
  const answer = await failWith({
    reason: "callback_error",
    message: "no",
    errorName: "AuthError",
    httpStatus: 401,
  });
  expect(answer.status).toBe(401);
  expect(answer.json()).toMatchObject({ code: 401, details: "AuthError: no" });
});

test("leaves 400 where an error asks for no possible status", async () => {
  for (const httpStatus of [7, 101, 999]) {
    const answer = await failWith({
      reason: "callback_error",
      message: "no",
      httpStatus,
    });
    expect(answer.status).toBe(400);
  }
});

test("answers 500 to an exception, whatever status it carries", async () => {
  const answer = await failWith({
    reason: "threw",
    message: "x is not defined",
    errorName: "ReferenceError",
    httpStatus: 200,
  });
  expect(answer.status).toBe(500);
  expect(answer.headers["x-wt-response-source"]).toBe("webtask");
  expect(answer.json()).toMatchObject({
    code: 500,
    error: "Script generated an unhandled synchronous exception.",
    details: "ReferenceError: x is not defined",
    name: "ReferenceError",
    message: "x is not defined",
  });
});

test("gives no name to what was thrown without being an Error", async () => {
  const answer = await failWith({ reason: "rejected", message: "boom" });
  expect(answer.json()).toMatchObject({
    error: "Script generated an unhandled asynchronous exception.",
    details: "boom",
  });
  expect(answer.json()).not.toHaveProperty("name");
});

test("answers 400 from the compiler to a syntax error", async () => {
  const answer = await failWith({
    reason: "syntax",
    message: "Unexpected identifier (webtask.js:2:9)",
  });
  expect(answer.status).toBe(400);
  expect(answer.headers["x-wt-response-source"]).toBe("compiler");
  expect(answer.json()).toEqual({
    code: 400,
    message: "Compilation failed: Unexpected identifier (webtask.js:2:9)",
    error: "Unexpected identifier (webtask.js:2:9)",
    reason: "syntax",
    retryable: false,
  });
});

test("tells whose token may manage, and shows the stack it then gets", async () => {
  const { send, sign } = await startHarness({
    invoke: (_, { mayManage }) =>
      Promise.resolve(
        failureOf({
          reason: "threw",
          message: "boom",
          ...(mayManage && { stack: "at greet (webtask.js:1:7)" }),
        }),
      ),
  });
  const managing = await send("/api/run/acme/greet");
  expect(managing.json()).toMatchObject({ stack: "at greet (webtask.js:1:7)" });
  const token = await sign({
    kind: "container",
    jti: "t",
    containers: ["acme"],
    extension: "greet",
  });
  const calling = await send(`/api/run/acme/greet?key=${token}`, {
    headers: {},
  });
  expect(calling.status).toBe(500);
  expect(calling.json()).not.toHaveProperty("stack");
});

const sourceByReason: [FailureReason, string][] = [
  ["not_found", "proxy"],
  ["disabled", "proxy"],
  ["syntax", "compiler"],
  ["module_not_found", "compiler"],
  ["invalid_export", "compiler"],
  ["invalid_result", "webtask"],
  ["threw", "webtask"],
  ["rejected", "webtask"],
  ["callback_error", "webtask"],
  ["denied", "webtask"],
  ["cpu_time", "webtask"],
  ["sync_time", "webtask"],
  ["wall_time", "webtask"],
  ["deadline", "webtask"],
  ["memory", "webtask"],
  ["payload_size", "proxy"],
  ["result_size", "webtask"],
  ["rate", "proxy"],
  ["concurrency", "proxy"],
  ["executor_lost", "proxy"],
  ["egress_denied", "webtask"],
  ["storage_unavailable", "proxy"],
  ["build_unavailable", "proxy"],
  ["input_schema", "proxy"],
  ["output_schema", "webtask"],
  ["breaker_open", "proxy"],
  ["quarantined", "proxy"],
];

test("gives every reason its status, its source and its retryability", async () => {
  let failure: CallFailure = { reason: "threw", message: "" };
  const { send } = await startHarness({
    invoke: () => Promise.resolve(failureOf(failure, 5)),
  });
  expect(sourceByReason).toHaveLength(Object.keys(failureReasons).length);
  for (const [reason, source] of sourceByReason) {
    failure = {
      reason,
      message: "what happened",
      limit: { name: "wall_ms", value: 500, observed: 501 },
    };
    const answer = await send("/api/run/acme/greet");
    const { httpStatus, retryable } = failureReasons[reason];
    expect(answer.status, reason).toBe(httpStatus);
    expect(answer.headers["x-wt-response-source"], reason).toBe(source);
    expect(answer.json(), reason).toMatchObject({
      code: httpStatus,
      reason,
      retryable,
      limit: { name: "wall_ms", value: 500, observed: 501 },
    });
    const mayComeBack = retryable && [429, 503].includes(httpStatus);
    expect(answer.headers["retry-after"], reason).toBe(
      mayComeBack ? "1" : undefined,
    );
  }
});

test("a deadline that passed before the code began is not the code's", async () => {
  const answer = await failWith({ reason: "deadline", message: "queued" });
  expect(answer.headers["x-wt-response-source"]).toBe("proxy");
});

test.each<[ErrorCode, number]>([
  ["invalid", 400],
  ["denied", 403],
  ["exhausted", 429],
  ["unavailable", 503],
  ["internal", 500],
])("answers %s of an invocation with %i", async (code, status) => {
  const { send } = await startHarness({
    invoke: () => Promise.reject(new AnnexError(code, "what to do")),
  });
  const answer = await send("/api/run/acme/greet");
  expect(answer.status).toBe(status);
  expect(answer.headers["x-wt-response-source"]).toBe("proxy");
  expect(answer.headers["x-annex-invocation-id"]).toMatch(/\S/);
  expect(answer.headers["traceparent"]).toMatch(/^00-/);
  expect(answer.json()).toMatchObject({ code: status, error: code });
  expect(answer.headers["retry-after"]).toBe(
    [429, 503].includes(status) ? "1" : undefined,
  );
});

test("says nothing of our own mistakes to the caller and all to the log", async () => {
  const { send, logged } = await startHarness({
    invoke: () => Promise.reject(new TypeError("secret /srv/annex/x.ts")),
  });
  const answer = await send("/api/run/acme/greet");
  expect(answer.status).toBe(500);
  expect(answer.body.toString()).not.toContain("secret");
  expect(logged).toEqual([
    {
      fields: {
        error: expect.objectContaining({ message: "secret /srv/annex/x.ts" }),
        invocationId: answer.headers["x-annex-invocation-id"],
      },
      message: "gateway call failed",
    },
  ]);
});

test("looks through any number of headers in no time", async () => {
  const names = Array.from({ length: 16_000 }, () => "x").join();
  const header = { name: "b", value: "" };
  const startMs = performance.now();
  const answer = await answerTo({
    headers: [
      { name: "connection", value: names },
      ...Array.from({ length: 32_000 }, () => header),
    ],
  });
  expect(answer.status).toBe(500);
  expect(performance.now() - startMs).toBeLessThan(400);
});

test("logs an invocation without an outcome as our mistake", async () => {
  const { send, logged } = await startHarness({
    invoke: () => Promise.resolve({ ...resultOf({}), outcome: undefined }),
  });
  const answer = await send("/api/run/acme/greet");
  expect(answer.status).toBe(500);
  expect(logged).toHaveLength(1);
});

async function failWith(failure: CallFailure) {
  const { send } = await startHarness({
    invoke: () => Promise.resolve(failureOf(failure)),
  });
  return send("/api/run/acme/greet");
}
