import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { describe, expect, test, vi } from "vitest";
import { Rate } from "../../../../sandboxd/broker/rate.ts";
import { openPolicy, startTestBroker } from "../../../support/broker.ts";
import { startOrigin } from "../../../support/origin.ts";

const kib = 1024;
const mib = 1024 * kib;

describe("requests", () => {
  test("bounds those of an invocation, and of no other", async () => {
    const origin = await startOrigin();
    const { fetch } = await startTestBroker({ policy: { maxRequests: 2 } });
    await fetch(origin.url);
    await fetch(origin.url);
    expect((await fetch(origin.url)).problem).toEqual({
      kind: "limit",
      message: "an invocation may send 2 requests, each redirect being one",
      limit: { name: "egress_requests", value: 2, observed: 3 },
    });
    const other = await fetch(origin.url, { invocationId: "another" });
    expect(other.head?.status).toBe(200);
    expect(origin.requests).toHaveLength(3);
  });

  test("counts none that was refused before it was sent", async () => {
    const origin = await startOrigin();
    const { fetch } = await startTestBroker({ policy: { maxRequests: 1 } });
    for (const url of ["http://10.0.0.1/", "http://127.0.0.1:25/"])
      expect((await fetch(url)).problem?.kind).toBe("denied");
    expect((await fetch(origin.url)).head?.status).toBe(200);
  });

  test("bounds those that are open at once", async () => {
    const held = new Map<string, ServerResponse>();
    const origin = await startOrigin(({ url = "" }, response) => {
      held.set(url, response);
    });
    const { open, fetch } = await startTestBroker({ maxOpenEgress: 2 });
    const first = open(`${origin.url}/1`);
    const second = open(`${origin.url}/2`);
    await vi.waitFor(() => expect(held.size).toBe(2));
    const third = await fetch(`${origin.url}/3`);
    expect(third.problem?.limit).toEqual({
      name: "open_egress",
      value: 2,
      observed: 3,
    });
    first.exchange.abort();
    held.get("/2")?.end("done");
    expect((await second.done).body.toString()).toBe("done");
    const last = open(`${origin.url}/4`);
    await vi.waitFor(() => expect(held.has("/4")).toBe(true));
    held.get("/4")?.end("done");
    expect((await last.done).head?.status).toBe(200);
  });

  test("bounds a container's open requests and the bytes they hold, and no other's", async () => {
    const origin = await startOrigin(() => undefined);
    const { broker, open, fetch } = await startTestBroker();
    const many = Array.from({ length: 128 }, (_, n) =>
      open(origin.url, invocationId(n)),
    );
    const refused = await fetch(origin.url, invocationId(128));
    expect(refused.problem?.limit).toMatchObject({
      name: "open_egress",
      value: 128,
    });
    for (const { exchange } of many) exchange.abort();
    const large = { method: "POST", body: Buffer.alloc(7 * mib) };
    for (let n = 0; n < 2; n += 1)
      open(origin.url, { ...large, ...invocationId(n) });
    const tooLarge = await fetch(origin.url, { ...large, ...invocationId(2) });
    expect(tooLarge.problem?.limit?.name).toBe("egress_bytes");
    const other = await startOrigin();
    broker.configure("globex", {
      allow: [],
      deny: [],
      internalHosts: ["127.0.0.1"],
      maxRequests: 1,
      maxBytes: mib,
      requestMs: 5000,
      bytesPerSecond: mib,
    });
    const neighbour = await fetch(other.url, { container: "globex" });
    expect(neighbour.head?.status).toBe(200);
  });
});

describe("requests of all containers", () => {
  test("leave some to each container, however many others keep all they can get", async () => {
    const origin = await startOrigin();
    const { fetch, got } = await startGreedy(24, {});
    expect(got[0]).toBe(128);
    expect(Math.min(...got)).toBeGreaterThanOrEqual(4);
    const neighbour = await Promise.all(
      Array.from({ length: 4 }, (_, n) =>
        fetch(origin.url, { ...invocationId(n), container: "globex" }),
      ),
    );
    for (const { head } of neighbour) expect(head?.status).toBe(200);
  });

  test("leave room for bodies too", async () => {
    const origin = await startOrigin();
    const { fetch, got } = await startGreedy(8, {
      method: "POST",
      body: Buffer.alloc(mib),
    });
    expect(got[0]).toBe(16);
    expect(Math.min(...got)).toBeGreaterThanOrEqual(1);
    const body = Buffer.alloc(mib);
    const neighbour = { method: "POST", body, container: "globex" };
    expect((await fetch(origin.url, neighbour)).head?.status).toBe(200);
  });

  test("are refused where there are too many, and carried again afterwards", async () => {
    const origin = await startOrigin();
    const { all, fetch } = await startGreedy(60, {});
    const refused = await fetch(origin.url, { container: "globex" });
    expect(refused.problem?.message).toContain("try again");
    for (const { exchange } of all) exchange.abort();
    const carried = await fetch(origin.url, { container: "globex" });
    expect(carried.head?.status).toBe(200);
  });
});

describe("bytes", () => {
  test("counts what is sent and what is received by all requests of an invocation", async () => {
    const origin = await startOrigin((_request, response) => {
      response.end(Buffer.alloc(40 * kib));
    });
    const { fetch } = await startTestBroker({
      policy: { maxBytes: 100 * kib },
    });
    const body = Buffer.alloc(10 * kib);
    const post = () => fetch(origin.url, { method: "POST", body });
    expect((await post()).body).toHaveLength(40 * kib);
    expect((await post()).body).toHaveLength(40 * kib);
    const third = await post();
    expect(third.problem?.limit).toMatchObject({
      name: "egress_bytes",
      value: 100 * kib,
      observed: 110 * kib,
    });
    expect(origin.requests).toHaveLength(2);
  });

  test("ends an endless body at the cap and closes its connection", async () => {
    let written = 0;
    const origin = await startOrigin((_request, response) => {
      void writeEndlessly(response, (bytes) => (written += bytes));
    });
    const { fetch } = await startTestBroker({ policy: { maxBytes: mib } });
    const { problem, body } = await fetch(origin.url);
    expect(problem?.limit?.name).toBe("egress_bytes");
    expect(body.length).toBeLessThanOrEqual(mib);
    expect(written).toBeGreaterThan(mib);
  });

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
    ["zstd", zstdCompressSync],
  ])("ends a %s bomb at the cap", async (coding, compress) => {
    const bomb = compress(Buffer.alloc(64 * mib));
    expect(bomb.length).toBeLessThan(100 * kib);
    const origin = await startOrigin((_request, response) => {
      response.setHeader("content-encoding", coding).end(bomb);
    });
    const { fetch } = await startTestBroker({ policy: { maxBytes: mib } });
    const before = process.memoryUsage().rss;
    const { problem, receivedBytes } = await fetchCounted(fetch, origin.url);
    expect(problem?.limit).toMatchObject({ name: "egress_bytes", value: mib });
    expect(receivedBytes).toBeLessThanOrEqual(mib);
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * mib);
  });

  test("ends a bomb in a bomb at the cap", async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(64 * mib)));
    const origin = await startOrigin((_request, response) => {
      response.setHeader("content-encoding", "gzip, gzip").end(bomb);
    });
    const { fetch } = await startTestBroker({ policy: { maxBytes: mib } });
    expect((await fetch(origin.url)).problem?.limit?.name).toBe("egress_bytes");
  });
});

describe("codings", () => {
  const text = Buffer.from("hello ".repeat(10_000));

  test.each<[coding: string, body: Buffer]>([
    ["gzip", gzipSync(text)],
    ["x-gzip", gzipSync(text)],
    ["deflate", deflateSync(text)],
    ["deflate", deflateRawSync(text)],
    ["br", brotliCompressSync(text)],
    ["zstd", zstdCompressSync(text)],
    ["deflate, gzip", gzipSync(deflateSync(text))],
    ["identity", text],
  ])("takes off %s", async (coding, body) => {
    const origin = await startOrigin((_request, response) => {
      response
        .setHeader("content-encoding", coding)
        .setHeader("content-length", body.length)
        .end(body);
    });
    const { fetch } = await startTestBroker();
    const answer = await fetch(origin.url);
    expect(answer.problem).toBeUndefined();
    expect(answer.body.equals(text)).toBe(true);
    const names = answer.head?.headers.map(([name]) => name);
    if (coding === "identity") return;
    expect(names).not.toContain("content-encoding");
    expect(names).not.toContain("content-length");
  });

  test("hands on what it cannot decode as it came", async () => {
    const origin = await startOrigin((_request, response) => {
      response.setHeader("content-encoding", "exotic").end("as it came");
    });
    const { fetch } = await startTestBroker();
    const { head, body } = await fetch(origin.url);
    expect(head?.headers).toContainEqual(["content-encoding", "exotic"]);
    expect(body.toString()).toBe("as it came");
  });

  test("answers a HEAD of something compressed, and an empty body", async () => {
    const origin = await startOrigin((_request, response) => {
      response.setHeader("content-encoding", "gzip").end();
    });
    const { fetch } = await startTestBroker();
    for (const method of ["HEAD", "GET"]) {
      const { problem, body } = await fetch(origin.url, { method });
      expect(problem).toBeUndefined();
      expect(body).toHaveLength(0);
    }
  });

  test.each([
    ["gzip", "this is no gzip"],
    ["br", "\u00ff".repeat(100)],
    ["zstd", "this is no zstd"],
    ["deflate", "\u0078 this is no deflate"],
    ["gzip, gzip, gzip, gzip, gzip, gzip", "x"],
  ])("fails on a body that is not %s", async (coding, body) => {
    const origin = await startOrigin((_request, response) => {
      response.setHeader("content-encoding", coding).end(body, "latin1");
    });
    const { fetch } = await startTestBroker();
    const { problem } = await fetch(origin.url);
    expect(problem?.kind).toBe("failed");
    expect(problem?.message).toContain("compress");
  });

  test("bounds decoders with large windows in a container", async () => {
    const held: ServerResponse[] = [];
    const compressed = brotliCompressSync(text);
    const origin = await startOrigin((_request, response) => {
      response.setHeader("content-encoding", "br");
      response.write(compressed.subarray(0, 10));
      held.push(response);
    });
    const { open, fetch } = await startTestBroker();
    const many = Array.from({ length: 3 }, () => open(origin.url));
    await vi.waitFor(() =>
      expect(many.every(({ head }) => head !== undefined)).toBe(true),
    );
    expect((await fetch(origin.url)).problem?.kind).toBe("failed");
    for (const response of held) response.end(compressed.subarray(10));
    for (const { done } of many)
      expect((await done).body.equals(text)).toBe(true);
    const last = open(origin.url);
    await vi.waitFor(() => expect(held).toHaveLength(5));
    held[4]?.end(compressed.subarray(10));
    expect((await last.done).body.equals(text)).toBe(true);
  });
});

describe("time", () => {
  test("ends a request that never answers", async () => {
    const origin = await startOrigin(() => undefined);
    const { fetch } = await startTestBroker({ policy: { requestMs: 100 } });
    expect((await fetch(origin.url)).problem).toEqual({
      kind: "limit",
      message: `127.0.0.1:${origin.port} took longer than 100 ms`,
      limit: { name: "egress_ms", value: 100, observed: 100 },
    });
  });

  test("ends a request whose connection is still being opened", async () => {
    const { broker, open, fetch } = await startTestBroker({
      names: { "dead.test": [[]] },
      policy: { requestMs: 100 },
    });
    const given = open("http://dead.test/");
    const { problem } = await fetch("http://dead.test/");
    expect(problem).toMatchObject({
      message: "dead.test took longer than 100 ms",
      limit: { name: "egress_ms" },
    });
    expect((await given.done).problem?.limit?.name).toBe("egress_ms");
    expect(broker.pid).not.toBe(0);
  });

  test("ends with the invocation's own time, if that is less", async () => {
    const origin = await startOrigin(() => undefined);
    const { fetch } = await startTestBroker();
    const { problem } = await fetch(origin.url, { wallMs: 50 });
    expect(problem?.limit).toMatchObject({ name: "egress_ms", value: 50 });
  });

  test("ends a body that comes a byte at a time", async () => {
    const origin = await startOrigin((_request, response) => {
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    });
    const { fetch } = await startTestBroker({ policy: { requestMs: 300 } });
    const { problem, head, body } = await fetch(origin.url);
    expect(head?.status).toBe(200);
    expect(body.length).toBeGreaterThan(0);
    expect(problem?.limit?.name).toBe("egress_ms");
  });

  test("hands on what came at once in one piece, however it was cut", async () => {
    const cuts = "1\r\nx\r\n".repeat(2000);
    const origin = await startOrigin((_request, response) => {
      const head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
      response.socket?.end(`${head}${cuts}0\r\n\r\n`);
    });
    const { open } = await startTestBroker();
    const request = open(origin.url);
    const { body } = await request.done;
    expect(body.toString()).toBe("x".repeat(2000));
    expect(request.chunks).toBeLessThan(20);
  });

  test("ends a body that nobody reads", async () => {
    const origin = await startOrigin((_request, response) => {
      response.end(Buffer.alloc(mib));
    });
    const { fetch } = await startTestBroker({ policy: { requestMs: 200 } });
    const { problem } = await fetch(origin.url, { isIdle: true });
    expect(problem?.limit?.name).toBe("egress_ms");
  });
});

describe("back-pressure", () => {
  test("reads no more from the origin than is pulled", async () => {
    let written = 0;
    const origin = await startOrigin((_request, response) => {
      void writeEndlessly(response, (bytes) => (written += bytes));
    });
    const { open } = await startTestBroker({
      policy: { maxBytes: 1024 * mib },
    });
    const request = open(origin.url, { isIdle: true });
    await vi.waitFor(() => expect(request.head?.status).toBe(200));
    // The kernel's buffers on loopback hold some MiB; then the origin stands still.
    let before = -1;
    await vi.waitFor(
      () => {
        const now = written;
        const isStill = now === before;
        before = now;
        expect(isStill).toBe(true);
      },
      { interval: 100, timeout: 5000 },
    );
    expect(written).toBeLessThan(32 * mib);
    expect(request.receivedBytes).toBe(0);
    for (const pulledBytes of [100_000, 200_000]) {
      request.exchange.pull(100_000);
      await vi.waitFor(() => expect(request.receivedBytes).toBe(pulledBytes));
    }
    expect(request.largestChunk).toBeLessThanOrEqual(64 * kib);
    request.exchange.abort();
  });

  test("closes the origin's connection when a request is aborted, and says nothing more", async () => {
    const closed = Promise.withResolvers<void>();
    const origin = await startOrigin((_request, response) => {
      response.on("close", () => closed.resolve());
      response.write("x");
    });
    const { open, fetch } = await startTestBroker();
    const request = open(origin.url);
    const settled = vi.fn<() => void>();
    void request.done.then(settled);
    await vi.waitFor(() => expect(request.receivedBytes).toBe(1));
    request.exchange.abort();
    await closed.promise;
    await fetch("http://127.0.0.1:25/");
    expect(settled).not.toHaveBeenCalled();
  });
});

describe("rate", () => {
  test("spreads a container's bytes over time, in the order of asking", async () => {
    const rate = new Rate(100_000, () => performance.now());
    const { signal } = new AbortController();
    const startedAt = performance.now();
    const passed: string[] = [];
    await Promise.all(
      ["first", "second", "third"].map(async (name) => {
        await rate.take(25_000, signal);
        passed.push(name);
      }),
    );
    expect(passed).toEqual(["first", "second", "third"]);
    // A quarter of a second's worth comes at once.
    expect(performance.now() - startedAt).toBeGreaterThan(480);
  });

  test("lets nobody wait who has given up", async () => {
    const rate = new Rate(1, () => performance.now());
    const controller = new AbortController();
    const waiting = rate.take(1000, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toThrow("aborted");
  });

  test("slows a download down to the container's rate", async () => {
    const origin = await startOrigin((_request, response) => {
      response.end(Buffer.alloc(mib));
    });
    const { fetch } = await startTestBroker({
      policy: { bytesPerSecond: 2 * mib },
    });
    const startedAt = performance.now();
    expect((await fetch(origin.url)).body).toHaveLength(mib);
    // Half a second's worth, of which a quarter of a second may come at once.
    expect(performance.now() - startedAt).toBeGreaterThan(200);
  });
});

/** Containers that open as much as they can, each after the one before it; gives how much each of them got. */
async function startGreedy(
  count: number,
  request: { method?: string; body?: Buffer },
) {
  const silent = await startOrigin(() => undefined);
  const started = await startTestBroker();
  const opened = Array.from({ length: count }, (_none, c) => {
    started.broker.configure(`greedy${c}`, openPolicy);
    return Array.from({ length: 130 }, (_, n) =>
      started.open(silent.url, {
        ...request,
        ...invocationId(n),
        container: `greedy${c}`,
      }),
    );
  });
  await setImmediate();
  const got = opened.map(
    (some) => some.filter(({ problem }) => problem === undefined).length,
  );
  started.broker.configure("globex", openPolicy);
  return { ...started, all: opened.flat(), got };
}

async function writeEndlessly(
  response: ServerResponse,
  count: (bytes: number) => void,
): Promise<void> {
  const chunk = Buffer.alloc(64 * kib);
  response.setMaxListeners(0).on("error", () => undefined);
  while (!response.destroyed) {
    count(chunk.length);
    if (response.write(chunk)) continue;
    await Promise.race([once(response, "drain"), once(response, "close")]);
  }
}

function invocationId(n: number) {
  return { invocationId: `n${n}` };
}

async function fetchCounted(
  fetch: Awaited<ReturnType<typeof startTestBroker>>["fetch"],
  url: string,
) {
  const { problem, body } = await fetch(url);
  return { problem, receivedBytes: body.length };
}
