import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestListener,
  type RequestOptions,
} from "node:http";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test, vi } from "vitest";
import { startTestControlPlane } from "../../../support/controlplane.ts";
import { everything, joinAs } from "../../../support/fake-host.ts";
import type {
  DeepPartial,
  Subscription,
} from "../../../../proto/gen/annex/sync/v1/sync.ts";

test("passes method, path, query, headers and body through to a host as they came", async () => {
  let seen: { call: IncomingMessage; body: Buffer } | undefined;
  const base = await proxyTo(async (call, answer) => {
    seen = { call, body: await buffer(call) };
    answer.end();
  });
  const body = randomBytes(100_000);
  await ask(`${base}/api/run/acme/greet/a%2Fb?x=1&x=%20`, {
    method: "PUT",
    headers: [
      ["host", "annex.example"],
      ["content-type", "application/json"],
      ["X-Twice", "one"],
      ["X-Twice", "two"],
      ["authorization", "Bearer t"],
      ["connection", "x-mine"],
      ["x-mine", "1"],
      ["content-length", String(body.length)],
    ].flat(),
    body,
  });
  expect(seen?.call.method).toBe("PUT");
  expect(seen?.call.url).toBe("/api/run/acme/greet/a%2Fb?x=1&x=%20");
  expect(seen?.body.equals(body)).toBe(true);
  const raw = seen?.call.rawHeaders ?? [];
  expect(raw.filter((_, at) => raw[at - 1] === "X-Twice")).toEqual([
    "one",
    "two",
  ]);
  expect(seen?.call.headers.host).toBe("annex.example");
  expect(seen?.call.headers.authorization).toBe("Bearer t");
  expect(seen?.call.headers).not.toHaveProperty("x-mine");
});

test("passes the answer back byte for byte, repeated Set-Cookie included", async () => {
  const body = randomBytes(300_000);
  const base = await proxyTo((_call, answer) => {
    const headers = [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["content-type", "application/octet-stream"],
      ["X-Latin", "caf\u00e9"],
    ];
    answer.writeHead(418, "Short And Stout", headers.flat());
    answer.end(body);
  });
  const { response, content } = await ask(`${base}/api/run/acme`, {});
  expect(response.statusCode).toBe(418);
  expect(response.statusMessage).toBe("Short And Stout");
  expect(response.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  expect(response.headers["x-latin"]).toBe("caf\u00e9");
  expect(content.equals(body)).toBe(true);
});

test("answers HEAD with the host's length and no body", async () => {
  const base = await proxyTo((_call, answer) => {
    answer.writeHead(200, { "content-length": "1234" });
    answer.end();
  });
  const { response, content } = await ask(`${base}/api/run/acme`, {
    method: "HEAD",
  });
  expect(response.headers["content-length"]).toBe("1234");
  expect(content).toHaveLength(0);
});

test("passes a chunked answer on while it is still being written", async () => {
  const more = Promise.withResolvers<void>();
  const base = await proxyTo(async (_call, answer) => {
    answer.write("first");
    await more.promise;
    answer.end("second");
  });
  const call = send(`${base}/api/run/acme`).end();
  const [response] = await once(call, "response");
  const [first] = await once(response, "data");
  expect(String(first)).toBe("first");
  more.resolve();
  expect(String(await buffer(response))).toBe("second");
});

test("passes a chunked request body through", async () => {
  const bodies: string[] = [];
  const base = await proxyTo(async (call, answer) => {
    bodies.push(String(await buffer(call)));
    answer.end();
  });
  const call = send(`${base}/api/run/acme`, { method: "POST" });
  call.write("one,");
  call.end("two");
  const [response] = await once(call, "response");
  response.resume();
  await ask(`${base}/api/run/acme`, { method: "POST" });
  expect(bodies).toEqual(["one,two", ""]);
});

test("says with 503 and a reason that no host is there, or that it did not answer", async () => {
  const controlplane = await startTestControlPlane();
  const base = controlplane.httpAddress;
  const none = await fetch(`${base}/api/run/acme`);
  expect(none.status).toBe(503);
  expect(await none.json()).toMatchObject({ code: "unavailable" });

  const nobody = createServer();
  const gone = await listening(nobody);
  nobody.close();
  const host = await joinAs(controlplane, { runUrl: gone });
  await host.untilCaughtUp();
  const lost = await fetch(`${base}/api/run/acme`, {
    method: "POST",
    body: "x".repeat(100_000),
  });
  expect(lost.status).toBe(503);
  expect(await lost.json()).toMatchObject({ code: "unavailable" });
});

test("forwards only to hosts that serve the container", async () => {
  const base = await proxyTo((_call, answer) => void answer.end("here"), {
    scope: { $case: "named", value: { containers: ["acme", "ümlaut"] } },
  });
  for (const path of ["acme", "acme/greet?x=1", "%C3%BCmlaut/greet"])
    expect(await (await fetch(`${base}/api/run/${path}`)).text()).toBe("here");
  const none = await fetch(`${base}/api/run/other/acme`);
  expect(none.status).toBe(503);
  expect(await none.json()).toMatchObject({
    code: "unavailable",
    message: expect.stringContaining('container "other"'),
  });
});

test("breaks the answer off where the host does", async () => {
  const base = await proxyTo((_call, answer) => {
    answer.write("half", () => answer.destroy());
  });
  const response = await fetch(`${base}/api/run/acme`);
  await expect(response.text()).rejects.toThrow();
});

test("gives up the host's call when the caller has gone", async () => {
  const closed = vi.fn();
  const arrived = Promise.withResolvers<void>();
  const base = await proxyTo((call) => {
    call.on("close", closed);
    arrived.resolve();
  });
  const gone = new AbortController();
  const call = fetch(`${base}/api/run/acme`, { signal: gone.signal });
  await arrived.promise;
  gone.abort();
  await expect(call).rejects.toThrow();
  await vi.waitFor(() => expect(closed).toHaveBeenCalled());
});

/** A control plane whose only host is this handler; gives its base URL. */
async function proxyTo(
  handler: (...call: Parameters<RequestListener>) => unknown,
  subscription: DeepPartial<Subscription> = everything,
): Promise<string> {
  const upstream = createServer((...call) => void handler(...call));
  const runUrl = await listening(upstream);
  onTestFinished(() => {
    upstream.closeAllConnections();
    upstream.close();
  });
  const controlplane = await startTestControlPlane();
  const host = await joinAs(controlplane, { runUrl, subscription });
  await host.untilCaughtUp();
  return controlplane.httpAddress;
}

async function listening(
  server: ReturnType<typeof createServer>,
): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (!address || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

async function ask(
  url: string,
  { body, ...options }: RequestOptions & { body?: Buffer },
): Promise<{ response: IncomingMessage; content: Buffer }> {
  const call = send(url, options).end(body);
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    call.once("response", resolve).once("error", reject);
  });
  return { response, content: await buffer(response) };
}
