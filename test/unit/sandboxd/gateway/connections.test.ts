import { once } from "node:events";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startGateway } from "../../../../sandboxd/gateway/gateway.ts";
import { openSocket, resultOf, startHarness } from "./harness.ts";

test("aborts the invocation when its client goes away", async () => {
  const { port, token, calls, send } = await startHarness({
    invoke: ({ target }, { signal }) =>
      target?.value === "slow" ? untilAborted(signal) : quick(),
  });
  const socket = openSocket(port);
  socket.write(
    `GET /api/run/acme/slow HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await expect.poll(() => calls.length).toBe(1);
  expect(calls[0]?.caller.signal.aborted).toBe(false);
  socket.destroy();
  await expect.poll(() => calls[0]?.caller.signal.aborted).toBe(true);
  expect((await send("/api/run/acme/greet")).status).toBe(200);
});

test("never invokes what a client broke off in the body", async () => {
  const { port, token, calls, send, logged } = await startHarness();
  const socket = openSocket(port);
  socket.write(
    `POST /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 100\r\n\r\nhalf`,
  );
  await once(socket, "connect");
  socket.destroy();
  expect((await send("/api/run/acme/greet")).status).toBe(200);
  expect(calls).toHaveLength(1);
  expect(logged).toEqual([]);
});

test("refuses a body by its announced length without waiting for it", async () => {
  const { port, token, calls } = await startHarness({
    limits: { maxDiscardMs: 20 },
  });
  const socket = openSocket(port);
  socket.write(
    `POST /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 9000000000\r\n\r\n`,
  );
  await socket.gone;
  expect(socket.received()).toMatch(/^HTTP\/1\.1 413 /);
  expect(socket.received()).toMatch(/\r\nconnection: close\r\n/i);
  expect(socket.received()).toContain('"reason":"payload_size"');
  expect(calls).toEqual([]);
});

test("refuses a chunked body as soon as it passes the limit", async () => {
  const { port, token, calls } = await startHarness({
    limits: { maxPayloadBytes: 10_000, maxDiscardBytes: 50_000 },
  });
  const socket = openSocket(port);
  socket.write(
    `POST /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  const chunk = `3e8\r\n${"x".repeat(1000)}\r\n`;
  const sender = setInterval(() => socket.write(chunk.repeat(10)), 1);
  onTestFinished(() => clearInterval(sender));
  await socket.gone;
  expect(socket.received()).toMatch(/^HTTP\/1\.1 413 /);
  expect(calls).toEqual([]);
});

test("refuses a body that comes a byte at a time, and the rest of it", async () => {
  const { port, token, calls, send } = await startHarness({
    limits: { maxDiscardMs: 100 },
  });
  const socket = openSocket(port);
  socket.write(
    `POST /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nTransfer-Encoding: chunked\r\n\r\n`,
  );
  socket.write("1\r\nx\r\n".repeat(500_000));
  await socket.gone;
  expect(socket.received()).toMatch(/^HTTP\/1\.1 400 /);
  expect(calls).toEqual([]);
  expect((await send("/api/run/acme/greet")).status).toBe(200);
});

test("sends the answer to a client that first sends all it has", async () => {
  const { send, token } = await startHarness({
    limits: { maxPayloadBytes: 10, maxDiscardBytes: 4_000_000 },
  });
  const answer = await send("/api/run/acme/greet", {
    headers: { authorization: `Bearer ${token}` },
    body: Buffer.alloc(3_000_000),
  });
  expect(answer.status).toBe(413);
  const unknown = await send("/api/run/acme/greet", {
    headers: {},
    body: Buffer.alloc(3_000_000),
  });
  expect(unknown.status).toBe(401);
});

test("asks for an announced body only when it will be taken", async () => {
  const { port, token, calls } = await startHarness({
    limits: { maxPayloadBytes: 10 },
  });
  for (const [bytes, bearer, status] of [
    [5, "x", 401],
    [11, token, 413],
  ] as const) {
    const refused = openSocket(port);
    refused.write(headOf(bytes, bearer));
    await refused.gone;
    expect(refused.received()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  }
  const taken = openSocket(port);
  taken.write(headOf(5, token));
  await expect.poll(taken.received).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\n/);
  taken.write("hello");
  await expect.poll(taken.received).toContain("HTTP/1.1 200 OK");
  expect(calls).toHaveLength(1);
});

test("keeps a connection for further requests, also after a refusal", async () => {
  const { port, token } = await startHarness();
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const sockets = new Set<unknown>();
  for (const [path, status] of [
    ["/healthz", 200],
    ["/api/run/acme/greet", 200],
    ["/api/run/globex/greet", 403],
    ["/api/run/acme/greet", 200],
  ] as const) {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { authorization: `Bearer ${token}` };
      const options = { port, host: "127.0.0.1", path, headers, agent };
      const request = httpRequest({ ...options, method: "POST" });
      request.once("response", resolve).once("error", reject).end("body");
      request.once("socket", (socket) => sockets.add(socket));
    });
    expect(response.statusCode).toBe(status);
    await response.toArray();
  }
  expect(sockets.size).toBe(1);
});

test("cuts off whoever stops reading an answer", async () => {
  const { port, token, calls } = await startHarness({
    invoke: () =>
      Promise.resolve(resultOf({ payload: Buffer.alloc(32_000_000) })),
    limits: { answerIdleTimeoutMs: 50 },
  });
  const socket = openSocket(port);
  socket.pause();
  socket.write(
    `GET /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  );
  await expect.poll(() => calls[0]?.caller.signal.aborted).toBe(true);
  expect(socket.received().length).toBeLessThan(32_000_000);
});

test("does not wait for requests that never become complete", async () => {
  const { port, token, calls } = await startHarness({
    limits: {
      headersTimeoutMs: 20,
      requestTimeoutMs: 40,
      connectionsCheckingIntervalMs: 10,
    },
  });
  const headless = openSocket(port);
  headless.write("POST /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nX-Slow:");
  const bodiless = openSocket(port);
  bodiless.write(
    `POST /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Length: 9\r\n\r\nhalf`,
  );
  for (const socket of [headless, bodiless]) {
    await socket.gone;
    expect(socket.received()).toMatch(/^HTTP\/1\.1 408 /);
  }
  expect(calls).toEqual([]);
});

test("gives an invocation its time on a connection that has served before", async () => {
  const { port, token } = await startHarness({
    invoke: async ({ target }) => {
      if (target?.value === "slow") await setTimeout(100);
      return resultOf({ payload: Buffer.from(String(target?.value)) });
    },
    limits: { answerIdleTimeoutMs: 20 },
  });
  const socket = openSocket(port);
  for (const name of ["quick", "slow"]) {
    socket.write(
      `GET /api/run/acme/${name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\n\r\n`,
    );
    await expect.poll(socket.received).toMatch(new RegExp(`${name}$`));
  }
});

test("close lets an invocation finish, takes no more, and says that the connection ends", async () => {
  const finish = Promise.withResolvers<undefined>();
  const { gateway, send, calls } = await startHarness({
    invoke: async () => {
      await finish.promise;
      return resultOf({ payload: Buffer.from("done") });
    },
  });
  const answer = send("/api/run/acme/greet");
  await expect.poll(() => calls.length).toBe(1);
  const closed = gateway.close();
  expect(gateway.close()).toBe(closed);
  await expect(send("/healthz", { method: "GET" })).rejects.toThrow(
    "ECONNREFUSED",
  );
  finish.resolve(undefined);
  expect((await answer).body.toString()).toBe("done");
  expect((await answer).headers.connection).toBe("close");
  await closed;
});

test("close cuts off what does not finish in its time, and aborts it", async () => {
  const { gateway, send, calls } = await startHarness({
    invoke: (_, { signal }) => untilAborted(signal),
    limits: { closeGraceMs: 20 },
  });
  const answer = send("/api/run/acme/greet");
  const cutOff = expect(answer).rejects.toThrow(/hang up|ECONNRESET/);
  await expect.poll(() => calls.length).toBe(1);
  await gateway.close();
  await cutOff;
  await expect.poll(() => calls[0]?.caller.signal.aborted).toBe(true);
});

test("says which port it cannot have", async () => {
  const { port } = await startHarness();
  await expect(
    startGateway({
      address: "127.0.0.1",
      port,
      dependencies: {
        verifier: { verify: unused },
        isReady: unused,
        runtimes: [],
        invoke: unused,
        metrics: unused,
        tracer: { startSpan: unused, startActiveSpan: unused },
        log: { error: unused },
      },
    }),
  ).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining(String(port)),
  });
});

/** A request that waits to be asked for its body. */
function headOf(bytes: number, bearer: string): string {
  return `POST /api/run/acme/greet HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${bearer}\r\nContent-Length: ${bytes}\r\nExpect: 100-continue\r\n\r\n`;
}

function unused(): never {
  throw new Error("not called");
}

function quick() {
  return Promise.resolve(resultOf({}));
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("given up")));
  });
}
