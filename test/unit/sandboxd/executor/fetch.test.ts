/** Requests outward from inside: what a guest asks, what it gets, how it is bounded. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  serveEgress,
  type EgressAnswer,
  type SeenRequest,
} from "../../../support/egress.ts";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../support/executor.ts";

let executor: TestExecutor;
let answer: (request: SeenRequest) => EgressAnswer | undefined;
let seen: SeenRequest[];

beforeAll(async () => {
  executor = await startExecutor();
  seen = serveEgress(executor, (request) => answer(request));
});

afterAll(() => executor[Symbol.asyncDispose]());

const windowBytes = 256 * 1024;
const chunkBytes = 64 * 1024;

/** The value of an async expression in a guest. */
async function value(expression: string): Promise<unknown> {
  const version = await executor.loaded(
    `module.exports = async () => { ${expression} };`,
  );
  seen.length = 0;
  return answeredJson(await executor.invoke(version));
}

/** What an async expression rejects with. */
function rejection(expression: string): Promise<unknown> {
  return value(
    `try { ${expression}; return "nothing thrown"; }
     catch (e) { return [e.name, e.message, e.code, e.cause && e.cause.code, e instanceof TypeError]; }`,
  );
}

function texts(...parts: string[]): Buffer[] {
  return parts.map((part) => Buffer.from(part));
}

test("a request leaves as it was given, and its answer is read", async () => {
  answer = () => ({
    status: 201,
    statusText: "Created",
    headers: [
      ["Content-Type", "application/json"],
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["x-many", "1"],
      ["X-Many", "2"],
    ],
    chunks: texts('{"na', 'me":"ä"}'),
  });
  const read = await value(`
    const r = await fetch("https://example.org/here", {
      method: "post",
      headers: { "X-Mine": " 1 ", authorization: "Bearer t" },
      body: JSON.stringify({ q: "é" }),
      redirect: "manual",
    });
    const before = r.bodyUsed;
    return [r.status, r.statusText, r.ok, r.url, r.redirected, r.type, [...r.headers],
      r.headers.get("CONTENT-TYPE"), r.headers.getSetCookie(), before, await r.json(), r.bodyUsed];`);
  expect(read).toEqual([
    201,
    "Created",
    true,
    "https://example.org/here",
    false,
    "basic",
    [
      ["content-type", "application/json"],
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x-many", "1, 2"],
    ],
    "application/json",
    ["a=1", "b=2"],
    false,
    { name: "ä" },
    true,
  ]);
  expect(seen).toMatchObject([
    {
      method: "POST",
      url: "https://example.org/here",
      headers: [
        ["X-Mine", "1"],
        ["authorization", "Bearer t"],
        ["content-type", "text/plain;charset=UTF-8"],
        ["accept-language", "*"],
        ["sec-fetch-mode", "cors"],
      ],
    },
  ]);
  expect(seen[0]?.body.toString()).toBe('{"q":"é"}');
});

test.each<[string, number[], string | undefined]>([
  [`"é€"`, [0xc3, 0xa9, 0xe2, 0x82, 0xac], "text/plain;charset=UTF-8"],
  [
    `new URLSearchParams({ a: "1 2" })`,
    [...Buffer.from("a=1+2")],
    "application/x-www-form-urlencoded;charset=UTF-8",
  ],
  [`new Uint8Array([0, 255, 128]).subarray(1)`, [255, 128], undefined],
  [`new Uint8Array([1, 2]).buffer`, [1, 2], undefined],
  [`new DataView(new Uint8Array([1, 2, 3]).buffer, 1)`, [2, 3], undefined],
  [`Buffer.from("ff00", "hex")`, [255, 0], undefined],
])("a body of %s is sent byte by byte", async (body, bytes, contentType) => {
  answer = () => ({});
  await value(
    `await fetch("http://x/", { method: "PUT", body: ${body} }); return 1;`,
  );
  expect([...(seen[0]?.body ?? [])]).toEqual(bytes);
  const headers = new Map(seen[0]?.headers);
  expect(headers.get("content-type")).toBe(contentType);
});

test("headers are taken from objects, pairs and Headers alike", async () => {
  answer = () => ({});
  await value(`
    const pairs = [["a", "1"], ["a", "2"]];
    for (const headers of [pairs, new Headers(pairs), new Map([["a", 1]]), { a: 1 }])
      await fetch(new URL("http://x/y"), { headers });
    await fetch(new Request("http://x/z"));
    return 1;`);
  const nodes = ["accept-language", "*"];
  const two = [["a", "1, 2"], nodes];
  const one = [["a", "1"], nodes];
  const sent = seen.map(({ headers }) => headers);
  expect(sent).toEqual([two, two, one, one, [nodes]]);
  expect(seen.map(({ url }) => url).at(0)).toBe("http://x/y");
  expect(seen.map(({ url }) => url).at(-1)).toBe("http://x/z");
});

test("what Node adds to a request is added here: a referrer, its mode, how caches are passed", async () => {
  answer = () => ({});
  await value(`
    const url = "https://example.org/";
    const pragma = { "cache-control": "private" };
    for (const init of [{ mode: "no-cors", headers: { "accept-language": "de" } }, { cache: "no-store", headers: pragma },
      { cache: "no-cache" }, { headers: { "If-None-Match": '"tag"' } }, { cache: "force-cache", referrer: "about:client" }])
      await fetch(url, init);
    return 1;`);
  const cors = ["sec-fetch-mode", "cors"];
  const any = ["accept-language", "*"];
  expect(seen.map(({ headers }) => headers)).toEqual([
    [
      ["accept-language", "de"],
      ["sec-fetch-mode", "no-cors"],
    ],
    [["cache-control", "private"], any, cors, ["pragma", "no-cache"]],
    [any, cors, ["cache-control", "max-age=0"]],
    [
      ["If-None-Match", '"tag"'],
      any,
      cors,
      ["pragma", "no-cache"],
      ["cache-control", "no-cache"],
    ],
    [any, cors],
  ]);
});

test("an answer is given only where its bytes are what integrity says", async () => {
  answer = () => ({ status: 203, chunks: texts("hel", "lo") });
  const right = `sha256-${createHash("sha256").update("hello").digest("base64")}`;
  const wrong = `sha512-${createHash("sha512").update("other").digest("base64")}`;
  const got = await value(`
    const outcomes = [];
    for (const integrity of ["${right}", "${wrong}", "${right} ${wrong}", "md5-nonsense", ""])
      outcomes.push(await fetch("http://x/", { integrity }).then(
        async (r) => [r.status, r.url, r.bodyUsed, await r.text()], (e) => [e.name, e.message]));
    return outcomes;`);
  const given = [203, "http://x/", false, "hello"];
  const refused = ["TypeError", "fetch failed"];
  expect(got).toEqual([given, refused, refused, given, given]);
});

test("a body that breaks off is told at once, also to who only waits for its end", async () => {
  const failure = { kind: "failed", message: "broken off" } as const;
  answer = () => ({ status: 200, chunks: texts("first"), failure });
  const told = await value(`
    const reader = (await fetch("http://x/")).body.getReader();
    return await reader.closed.catch((e) => [e.name, e.message]);`);
  expect(told).toEqual(["TypeError", "broken off"]);
});

test("the source of a request's body hears of an abort, before and while it is read", async () => {
  answer = () => ({});
  const told = await value(`
    const send = (signal) => {
      let cancelled = "not cancelled";
      const body = new ReadableStream({ cancel: (reason) => { cancelled = reason; } });
      const done = fetch("http://x/", { method: "POST", duplex: "half", body, signal });
      return [() => cancelled, done.catch((error) => error)];
    };
    const [before, early] = send(AbortSignal.abort("early"));
    const atOnce = before();
    const controller = new AbortController();
    const [during, late] = send(controller.signal);
    controller.abort("late");
    return [atOnce, await early, await late, during()];`);
  expect(told).toEqual(["early", "early", "late", "late"]);
  expect(seen).toEqual([]);
});

test("answers that need no way out have no body for HEAD", async () => {
  const got = await value(`
    const r = await fetch("data:text/plain,hello", { method: "HEAD" });
    return [r.status, r.headers.get("content-type"), r.body, await r.text()];`);
  expect(got).toEqual([200, "text/plain", null, ""]);
});

test("what a program puts on Object.prototype changes no body of an answer", async () => {
  answer = () => ({ chunks: texts("hello") });
  const got = await value(`
    const outcomes = [];
    for (const name of ["start", "type", "size", "highWaterMark", "pull", "cancel", "autoAllocateChunkSize"]) {
      Object.defineProperty(Object.prototype, name, { get() { throw new Error(name); }, configurable: true });
      const got = await fetch("http://x/").then((r) => r.text(), (error) => error.message);
      delete Object.prototype[name];
      outcomes.push(got);
    }
    return outcomes;`);
  expect(got).toEqual(Array(7).fill("hello"));
});

test("bytes come as they are, text without its byte order mark, cut characters whole", async () => {
  const euro = Buffer.from("\ufeff€€");
  answer = () => ({
    chunks: [euro.subarray(0, 4), euro.subarray(4, 5), euro.subarray(5)],
  });
  expect(
    await value(`
      const get = () => fetch("http://x/");
      const buffer = await (await get()).arrayBuffer();
      return [await (await get()).text(), [...(await (await get()).bytes())],
        buffer instanceof ArrayBuffer, buffer.byteLength];`),
  ).toEqual(["€€", [...euro], true, euro.length]);
});

test("bytes of any length come and go as they are, few at once or many", async () => {
  answer = ({ body }) => {
    const starts = Array.from(
      { length: Math.ceil(body.length / chunkBytes) },
      (_, at) => at * chunkBytes,
    );
    return { chunks: starts.map((at) => body.subarray(at, at + chunkBytes)) };
  };
  const lengths = [1, 4095, 4096, 4097, 65_535, 65_536, 65_537, 300_001];
  expect(
    await value(`
      const changed = [];
      for (const length of ${JSON.stringify(lengths)}) {
        const whole = Uint8Array.from({ length: length + 3 }, (_, at) => at * 7);
        const body = whole.subarray(3);
        const answer = await fetch("http://host.example/", { method: "POST", body });
        const bytes = new Uint8Array(await answer.arrayBuffer());
        if (bytes.length !== length || bytes.some((byte, at) => byte !== body[at]))
          changed.push(length);
      }
      return changed;`),
  ).toEqual([]);
  expect(seen.map(({ body }) => body.length)).toEqual(lengths);
});

test("an answer without a body is empty, and a body is read once", async () => {
  answer = ({ url }) =>
    url.endsWith("/none")
      ? { status: 204, statusText: "No Content" }
      : { chunks: [] };
  expect(
    await value(`
      const none = await fetch("http://x/none");
      const r = await fetch("http://x/");
      const texts = [none.body, await none.text(), await none.text(), await r.text()];
      return [...texts, await r.text().catch((e) => e.message)];`),
  ).toEqual([null, "", "", "", "Body is unusable: Body has already been read"]);
});

test("a body is never sent faster than it is read", async () => {
  const totalBytes = 8 * 1024 * 1024;
  const chunk = Buffer.alloc(chunkBytes, "x");
  let maxAheadBytes = 0;
  answer = (request) => ({
    chunks: (function* () {
      for (let sent = 0; sent < totalBytes; sent += chunkBytes) {
        maxAheadBytes = Math.max(maxAheadBytes, request.pulledBytes - sent);
        yield chunk;
      }
    })(),
  });
  expect(
    await value(
      `const text = await (await fetch("http://x/")).text(); return text.length;`,
    ),
  ).toBe(totalBytes);
  expect(maxAheadBytes).toBeLessThanOrEqual(windowBytes);
  expect(seen[0]?.pulledBytes).toBeLessThanOrEqual(totalBytes + windowBytes);
});

test("a body that nobody reads costs one window, and ends with its call", async () => {
  const chunk = Buffer.alloc(chunkBytes);
  answer = () => ({ chunks: Array.from({ length: 100 }, () => chunk) });
  await value(`
    await fetch("http://x/");
    await new Promise((resolve) => setTimeout(resolve, 50));
    return 1;`);
  expect(seen[0]?.pulledBytes).toBe(windowBytes);
  expect(seen[0]?.sentBytes).toBe(windowBytes);
});

test("many answers that nobody reads do not use up the requests that may be open", async () => {
  answer = () => ({ chunks: texts("ok") });
  expect(
    await value(`
      let n = 0;
      for (let i = 0; i < 100; i++) n += (await fetch("http://x/")).status;
      return n;`),
  ).toBe(20_000);
});

test.each([
  ["denied", "EGRESS_DENIED"],
  ["limit", "EGRESS_LIMIT"],
  ["failed", "EGRESS_FAILED"],
] as const)(
  "a request that is %s rejects with its code",
  async (kind, code) => {
    answer = () => ({ failure: { kind, message: "not there" } });
    expect(await rejection(`await fetch("http://10.0.0.1/")`)).toEqual([
      "TypeError",
      "not there",
      code,
      code,
      true,
    ]);
  },
);

test("an answer that breaks off rejects its reader, also a late one", async () => {
  answer = () => ({
    status: 200,
    chunks: texts("some"),
    failure: { kind: "failed", message: "broke off" },
  });
  expect(
    await value(`
      const early = await fetch("http://x/");
      const message = await early.text().catch((e) => e.message);
      const late = await fetch("http://x/");
      await new Promise((resolve) => setTimeout(resolve, 20));
      return [message, await late.text().catch((e) => e.message)];`),
  ).toEqual(["broke off", "broke off"]);
});

test("a denial that is not caught is the call's reason, whatever way it takes", async () => {
  answer = () => ({
    failure: { kind: "denied", message: "http://10.0.0.1 is not allowed" },
  });
  const url = `"http://10.0.0.1/"`;
  const sources = [
    `module.exports = async () => { await fetch(${url}); };`,
    `module.exports = (cb) => { fetch(${url}).catch(cb); };`,
    `module.exports = (cb) => { fetch(${url}).catch((e) => setTimeout(() => { e.message = "changed"; throw e; }, 1)); };`,
  ];
  for (const source of sources) {
    const version = await executor.loaded(source);
    expect(await executor.invoke(version)).toMatchObject({
      type: "failed",
      failure: {
        reason: "egress_denied",
        message: "http://10.0.0.1 is not allowed",
      },
    });
  }
});

test("a denial cannot be forged", async () => {
  const version = await executor.loaded(`module.exports = async () => {
    throw Object.assign(new TypeError("x"), { code: "EGRESS_DENIED" });
  };`);
  expect(await executor.invoke(version)).toMatchObject({
    failure: { reason: "rejected" },
  });
});

test("a caught failure lets the call go on", async () => {
  answer = () => ({ failure: { kind: "denied", message: "no" } });
  expect(
    await value(
      `try { await fetch("http://x/"); } catch { return "without"; }`,
    ),
  ).toBe("without");
});

test("a signal ends a request, and the reading of its answer", async () => {
  answer = ({ url }) =>
    url.endsWith("/slow") ? undefined : { chunks: endless() };
  expect(
    await value(`
      const ended = [];
      const first = new AbortController();
      const slow = fetch("http://x/slow", { signal: first.signal });
      first.abort(new Error("enough"));
      await slow.catch((e) => ended.push(e.message));
      const later = new AbortController();
      const waiting = fetch("http://x/slow", { signal: later.signal });
      setTimeout(() => later.abort(new Error("too late")), 1);
      await waiting.catch((e) => ended.push(e.message));
      const second = new AbortController();
      const r = await fetch("http://x/endless", { signal: second.signal });
      const text = r.text();
      setTimeout(() => second.abort(new Error("too much")), 20);
      await text.catch((e) => ended.push(e.message));
      await fetch("http://x/", { signal: second.signal }).catch((e) => ended.push(e.message));
      return ended;`),
  ).toEqual(["enough", "too late", "too much", "too much"]);
  // What was given up before it left, never left.
  expect(seen.map(({ url, isAborted }) => [url, isAborted])).toEqual([
    ["http://x/slow", true],
    ["http://x/endless", true],
  ]);
});

test("a signal is no longer watched by a request that has ended", async () => {
  answer = ({ url }) =>
    url.endsWith("/no")
      ? { failure: { kind: "failed", message: "no" } }
      : { chunks: texts("yes") };
  expect(
    await value(`
      let watchers = 0;
      const { signal } = new AbortController();
      const { addEventListener, removeEventListener } = signal;
      signal.addEventListener = (...given) => { watchers++; addEventListener.apply(signal, given); };
      signal.removeEventListener = (...given) => { watchers--; removeEventListener.apply(signal, given); };
      const r = await fetch("http://x/", { signal });
      const during = watchers;
      await r.text();
      const after = watchers;
      await fetch("http://x/no", { signal }).catch(() => {});
      return [during, after, watchers];`),
  ).toEqual([1, 0, 0]);
});

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(chunkBytes);
}

test("requests are bounded in number, length and size", async () => {
  answer = () => undefined;
  expect(
    await value(`
      const message = (p) => p.then(() => "sent", (e) => e.code ?? e.message);
      const told = [
        fetch("http://x/" + "y".repeat(17000)),
        fetch("http://x/", { headers: { a: "x".repeat(70000) } }),
        fetch("http://x/", { method: "POST", body: "x".repeat(7e6) }),
        fetch("http://x/", { method: "POST", body: "é".repeat(5e6) }),
        fetch("http://x/", { method: "GET", body: "x" }),
        fetch("http://x/", { method: "A B" }),
        fetch("http://x/", { method: "CONNECT" }),
        fetch("http://x/", { redirect: "maybe" }),
        fetch("http://x/", { headers: { "a b": "1" } }),
        fetch("http://x/", { headers: { a: "1\\r\\nb: 2" } }),
        fetch("http://x/", { headers: { a: "\\0" } }),
        fetch("http://x/", { headers: [["a"]] }),
      ].map(message);
      const all = await Promise.all(told);
      for (let i = 0; i < 16; i++) void fetch("http://x/");
      const last = await message(fetch("http://x/"));
      await new Promise((resolve) => setImmediate(resolve));
      return [...all, last];`),
  ).toEqual([
    "the URL of a request may have 16384 chars",
    "the headers of a request may have 65536 chars",
    "the body of a request may have 6291456 chars",
    "EGRESS_LIMIT",
    "Request with GET/HEAD method cannot have body.",
    "'A B' is not a valid HTTP method.",
    "'CONNECT' HTTP method is unsupported.",
    "undefined: maybe is not an accepted type. Expected one of follow, manual, error.",
    'Headers.append: "a b" is an invalid header name.',
    'Headers.append: "1\r\nb: 2" is an invalid header value.',
    'Headers.append: "\0" is an invalid header value.',
    "Headers constructor: expected name/value pair to be length 2, found 1.",
    "EGRESS_LIMIT",
  ]);
  expect(seen).toHaveLength(16);
});

test("a top level may not send requests", async () => {
  answer = () => ({});
  const version = await executor.loaded(`
    const early = fetch("http://x/").catch((e) => e.message);
    module.exports = async () => early;`);
  seen.length = 0;
  expect(answeredJson(await executor.invoke(version))).toMatch(/top level/);
  expect(seen).toEqual([]);
});

test("what comes for a call that has ended is dropped", async () => {
  answer = () => undefined;
  const version = await executor.loaded(`let kept;
    module.exports = async (ctx) => {
      if (ctx.body.first) { kept = fetch("http://x/"); return "first"; }
      return Promise.race([kept, new Promise((r) => setTimeout(r, 20, "nothing came"))]);
    };`);
  seen.length = 0;
  await executor.invoke(version, { payload: '{"first":1}' });
  const { id, egress } = seen[0] ?? { id: 0, egress: 0 };
  executor.send({ type: "egress-chunk", id, egress }, Buffer.from("late"));
  executor.send({ type: "egress-end", id, egress });
  expect(answeredJson(await executor.invoke(version, { payload: "{}" }))).toBe(
    "nothing came",
  );
});

test("a body outlives its invocation for nobody", async () => {
  answer = () => ({ chunks: texts("body") });
  const version = await executor.loaded(`let kept;
    module.exports = async (ctx) => {
      if (ctx.body.first) { kept = await fetch("http://x/"); return "first"; }
      return kept.text().catch((e) => e.message);
    };`);
  await executor.invoke(version, { payload: '{"first":1}' });
  expect(
    answeredJson(await executor.invoke(version, { payload: "{}" })),
  ).toMatch(/has ended/);
});

test("a call that has sent requests is displaced with their number", async () => {
  answer = () => undefined;
  const version = await executor.loaded(`module.exports = (ctx, cb) => {
    if (ctx.body.loop) for (;;);
    fetch("http://x/1"); fetch("http://x/2");
  };`);
  const waiting = executor.start(version, { payload: "{}" });
  await executor.invoke(version, { payload: '{"loop":1}', syncMs: 200 });
  expect(await executor.outcome(waiting)).toMatchObject({
    type: "displaced",
    effects: 2,
  });
});

test("a loop after an answer ends at its limit", async () => {
  answer = () => ({ chunks: texts("go") });
  const version = await executor.loaded(`module.exports = async () => {
    await (await fetch("http://x/")).text();
    for (;;);
  };`);
  expect(await executor.invoke(version, { syncMs: 200 })).toMatchObject({
    failure: { reason: "sync_time" },
  });
});

test("Headers and Response can be made and read", async () => {
  expect(
    await value(`
      const h = new Headers({ B: "2" });
      h.append("a", "1"); h.append("A", "x"); h.set("c", " 3\\t"); h.delete("B");
      const each = []; h.forEach((value, name) => each.push(name + "=" + value));
      const r = new Response('{"n":1}', { status: 404, headers: h });
      const b = new Response(new Uint8Array([0xe2, 0x82, 0xac]));
      return [[...h.keys()], [...h.values()], h.has("B"), h.get("b"), each, String(h),
        r.status, r.ok, r.type, r.headers.get("a"), r.headers.get("content-type"), await r.json(),
        await b.text(), [...(await new Response("é").bytes())], await new Response().text()];`),
  ).toEqual([
    ["a", "c"],
    ["1, x", "3"],
    false,
    null,
    ["a=1, x", "c=3"],
    "[object Headers]",
    404,
    false,
    "default",
    "1, x",
    "text/plain;charset=UTF-8",
    { n: 1 },
    "€",
    [0xc3, 0xa9],
    "",
  ]);
});

test("a body has a bound of its own where results may be longer", async () => {
  await using generous = await startExecutor({
    maxResultBytes: 20 * 1024 * 1024,
  });
  const requests = serveEgress(generous, () => ({}));
  const version = await generous.loaded(`module.exports = async () => {
    const send = (body) => fetch("http://x/", { method: "POST", body })
      .then((r) => r.status, (e) => e.message);
    return [await send("x".repeat(6291457)), await send("é".repeat(4e6)), await send("x".repeat(6291456))];
  };`);
  expect(answeredJson(await generous.invoke(version))).toEqual([
    "the body of a request may have 6291456 chars",
    "the body of a request may have 6291456 bytes; this one has 8000000",
    200,
  ]);
  expect(requests.map(({ body }) => body.length)).toEqual([6291456]);
});
