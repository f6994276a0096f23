import { describe, expect, test } from "vitest";
import type { Header } from "../../../../proto/gen/annex/invoke/v1/invoke.ts";
import { resultOf, startHarness } from "./harness.ts";

const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
const inlineSource = "module.exports = function (cb) { cb(null, 1); }";

describe("an extension by name", () => {
  test("gets method, path, query, headers and every byte of the body", async () => {
    const { send, calls, token } = await startHarness();
    await send("/api/run/acme/greet/a%2Fb/../c?x=1&y=%20&x=2", {
      method: "PATCH",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-thing",
        "X-Twice": ["1", "2"],
        cookie: "session=guest",
      },
      body: everyByte,
    });
    expect(calls).toHaveLength(1);
    const { request, caller } = only(calls);
    expect(request).toMatchObject({
      container: "acme",
      target: { $case: "extension", value: "greet" },
      contentType: "application/x-thing",
      http: {
        method: "PATCH",
        path: "/api/run/acme/greet/a%2Fb/../c",
        query: "x=1&y=%20&x=2",
      },
    });
    expect(request.payload).toEqual(everyByte);
    expect(caller).toMatchObject({ mayManage: true });
    expect(caller.source).toBeUndefined();
    const headers = request.http?.headers ?? [];
    expect(valuesOf(headers, "x-twice")).toEqual(["1", "2"]);
    expect(valuesOf(headers, "cookie")).toEqual(["session=guest"]);
    expect(valuesOf(headers, "content-length")).toEqual(["256"]);
    expect(valuesOf(headers, "connection")).toEqual([]);
  });

  test("is found by its decoded name", async () => {
    const { send, calls } = await startHarness();
    await send("/api/run/acme/a%20%C3%A9%2Bx");
    expect(only(calls).request.target?.value).toBe("a é+x");
  });

  test("sees the length of a chunked body, not its chunks", async () => {
    const { send, calls, token } = await startHarness();
    await send("/api/run/acme/greet", {
      headers: {
        authorization: `Bearer ${token}`,
        "transfer-encoding": "chunked",
      },
      body: everyByte,
    });
    const { request } = only(calls);
    expect(request.payload).toEqual(everyByte);
    expect(request.contentType).toBe("application/octet-stream");
    const headers = request.http?.headers ?? [];
    expect(valuesOf(headers, "transfer-encoding")).toEqual([]);
    expect(valuesOf(headers, "content-length")).toEqual(["256"]);
  });

  test.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND"])(
    "is called by %s",
    async (method) => {
      const { send, calls } = await startHarness();
      const answer = await send("/api/run/acme/greet", { method });
      expect(answer.status).toBe(200);
      expect(only(calls).request.http?.method).toBe(method);
    },
  );

  test("is named the same by an absolute target", async () => {
    const { send, calls, url } = await startHarness();
    await send(`${url}/api/run/acme/greet?x=1`);
    expect(only(calls).request.http).toMatchObject({
      path: "/api/run/acme/greet",
      query: "x=1",
    });
  });
});

describe("code in the request", () => {
  test.each(["/api/run/acme", "/api/run/acme/", "/api/run/acme?x=1"])(
    "is run at %s without a body to see",
    async (path) => {
      const { send, calls, token } = await startHarness();
      await send(path, {
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/javascript",
          "x-kept": "1",
        },
        body: inlineSource,
      });
      const { request, caller } = only(calls);
      expect(request.target).toBeUndefined();
      expect(request.payload).toHaveLength(0);
      expect(Buffer.from(caller.source ?? []).toString()).toBe(inlineSource);
      const headers = request.http?.headers ?? [];
      expect(valuesOf(headers, "x-kept")).toEqual(["1"]);
      expect(valuesOf(headers, "content-type")).toEqual([]);
      expect(valuesOf(headers, "content-length")).toEqual([]);
    },
  );

  test("by URL is refused in words", async () => {
    const { send, calls } = await startHarness();
    const answer = await send(
      "/api/run/acme?webtask_url=https%3A%2F%2Fexample.com%2Fx.js",
    );
    expect(answer.status).toBe(400);
    expect(answer.body.toString()).toContain("webtask_url is not supported");
    expect(calls).toEqual([]);
  });
});

describe("a token", () => {
  test("is needed", async () => {
    const { send, calls } = await startHarness();
    for (const headers of [
      {},
      { authorization: "Basic YTpi" },
      { authorization: "Bearer" },
      { authorization: "Bearer not-a-token" },
      { authorization: "Bearer a.b.c" },
    ]) {
      const answer = await send("/api/run/acme/greet", { headers });
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toBe('Bearer realm="annex"');
      expect(answer.headers["x-wt-response-source"]).toBe("proxy");
      expect(answer.json()).toMatchObject({
        code: 401,
        error: "unauthenticated",
      });
    }
    expect(calls).toEqual([]);
  });

  test("of another container, or for another extension, is not enough", async () => {
    const { send, calls, sign, token } = await startHarness();
    const one = await sign({
      kind: "container",
      jti: "t",
      containers: ["acme"],
      extension: "greet",
    });
    const join = await sign({ kind: "join", jti: "t" });
    for (const [path, bearer] of [
      ["/api/run/globex/greet", token],
      ["/api/run/globex", token],
      ["/api/run/acme/other", one],
      ["/api/run/acme", one],
      ["/api/run/acme/greet", join],
    ] as const) {
      const answer = await send(path, {
        headers: { authorization: `Bearer ${bearer}` },
      });
      expect(answer.status, path).toBe(403);
      expect(answer.json()).toMatchObject({ code: 403, error: "denied" });
    }
    expect(calls).toEqual([]);
  });

  test("for one extension calls it without the right to manage", async () => {
    const { send, calls, sign } = await startHarness();
    const token = await sign({
      kind: "container",
      jti: "t",
      containers: ["acme"],
      extension: "greet",
    });
    await send("/api/run/acme/greet", {
      headers: { authorization: `bearer ${token}` },
    });
    expect(only(calls).caller.mayManage).toBe(false);
  });

  test("in the header is not shown to the code", async () => {
    const { send, calls } = await startHarness();
    await send("/api/run/acme/greet?other=1");
    expect(valuesOf(headersSeen(calls), "authorization")).toEqual([]);
  });

  test("in the query is not shown to the code, which keeps the rest as it was sent", async () => {
    const { send, calls, token } = await startHarness();
    await send(`/api/run/acme/greet?a=%2b+&key=${token}&%6Bey=x&b&=`, {
      headers: { authorization: "Bearer extension-secret" },
    });
    expect(only(calls).request.http?.query).toBe("a=%2b+&b&=");
    expect(valuesOf(headersSeen(calls), "authorization")).toEqual([
      "Bearer extension-secret",
    ]);
  });

  test("is not shown to the code where it is sent twice", async () => {
    const { send, calls, token, sign } = await startHarness();
    const other = await sign({ kind: "admin", jti: "a" });
    await send(`/api/run/acme/greet?key=${token}`, {
      headers: { authorization: `Bearer ${other}` },
    });
    const seen = JSON.stringify(only(calls).request);
    expect(seen).not.toContain(other);
    expect(seen).not.toContain(token);
  });
});

test("continues the caller's trace and names its span in the answer", async () => {
  const { send, calls, token } = await startHarness();
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  const parent = `00-${traceId}-00f067aa0ba902b7-01`;
  const answer = await send("/api/run/acme/greet", {
    headers: {
      authorization: `Bearer ${token}`,
      traceparent: parent,
      tracestate: "vendor=1",
    },
  });
  const { request } = only(calls);
  expect(request.traceparent).toMatch(new RegExp(`^00-${traceId}-.{16}-01$`));
  expect(request.traceparent).not.toBe(parent);
  expect(request.tracestate).toBe("vendor=1");
  expect(answer.headers["traceparent"]).toBe(request.traceparent);
});

test("begins a trace where the caller's is malformed", async () => {
  const { send, calls, token } = await startHarness();
  await send("/api/run/acme/greet", {
    headers: { authorization: `Bearer ${token}`, traceparent: "00-x-y-z" },
  });
  expect(only(calls).request.traceparent).toMatch(
    /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/,
  );
});

test.each([
  "/api/run/%zz/greet",
  "/api/run/acme/%",
  "/api/run/acme/%ff%fe",
  "/api/run/%e0%a4",
])("answers 400 to the malformed name in %s", async (path) => {
  const { send, calls } = await startHarness();
  const answer = await send(path);
  expect(answer.status).toBe(400);
  expect(answer.json()).toMatchObject({ error: "invalid" });
  expect(calls).toEqual([]);
});

test.each([
  "/",
  "/api",
  "/api/run",
  "/api/run/",
  "/api/run//greet",
  "/api/x/y",
])("serves nothing at %s", async (path) => {
  const { send, calls } = await startHarness();
  const answer = await send(path);
  expect(answer.status).toBe(404);
  expect(answer.json()).toMatchObject({ error: "not_found" });
  expect(calls).toEqual([]);
});

test("refuses a payload beyond the limit, which it names", async () => {
  const { send, calls } = await startHarness({
    limits: { maxPayloadBytes: 100, maxSourceBytes: 50 },
  });
  const atLimit = await send("/api/run/acme/greet", { body: "x".repeat(100) });
  expect(atLimit.status).toBe(200);
  const over = await send("/api/run/acme/greet", { body: "x".repeat(101) });
  expect(over.status).toBe(413);
  expect(over.headers["x-wt-response-source"]).toBe("proxy");
  expect(over.headers["x-annex-invocation-id"]).toMatch(/\S/);
  expect(over.json()).toMatchObject({
    code: 413,
    reason: "payload_size",
    retryable: false,
    limit: { name: "payload_bytes", value: 100, observed: 101 },
  });
  const source = await send("/api/run/acme", { body: "x".repeat(51) });
  expect(source.json()).toMatchObject({
    limit: { name: "source_bytes", value: 50, observed: 51 },
  });
  expect(calls).toHaveLength(1);
});

test("tells whether it lives, is ready, and what it measured", async () => {
  let isReady = false;
  const { send } = await startHarness({ isReady: () => isReady });
  const get = { method: "GET", headers: {} };
  expect((await send("/healthz", get)).status).toBe(200);
  expect((await send("/readyz", get)).status).toBe(503);
  const early = await send("/api/run/acme/greet");
  expect(early.status).toBe(503);
  expect(early.headers["retry-after"]).toBe("1");
  isReady = true;
  expect((await send("/readyz?verbose", get)).status).toBe(200);
  expect((await send("/api/run/acme/greet")).status).toBe(200);
  expect((await send("/metrics", get)).body.toString()).toBe("annex_up 1\n");
});

test("serves other calls while one does not end", async () => {
  const { send, calls } = await startHarness({
    invoke: ({ target }) =>
      target?.value === "slow"
        ? new Promise(() => {})
        : Promise.resolve(resultOf({})),
  });
  const slow = send("/api/run/acme/slow").catch(() => "cut off");
  await expect.poll(() => calls.length).toBe(1);
  expect((await send("/api/run/acme/greet")).status).toBe(200);
  void slow;
});

function only<Value>(values: Value[]): Value {
  const [value] = values;
  if (value === undefined || values.length !== 1)
    throw new Error(`${values.length} instead of one`);
  return value;
}

function headersSeen(
  calls: { request: { http: { headers: Header[] } | undefined } }[],
): Header[] {
  return only(calls).request.http?.headers ?? [];
}

function valuesOf(headers: Header[], name: string): string[] {
  return headers.filter((header) => header.name === name).map((h) => h.value);
}
