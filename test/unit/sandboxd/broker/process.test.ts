/** The broker as it is shipped: one file in a process of its own, behind walls where they can be had. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import type { BrokerProcess } from "../../../../sandboxd/broker/connection.ts";
import { createLauncher } from "../../../../sandboxd/launcher.ts";
import { noWalls } from "../../../../sandboxd/walls/none.ts";
import { brokerProgram } from "../../../../sandboxd/walls/program.ts";
import { openWalls, type Walls } from "../../../../sandboxd/walls/walls.ts";
import { openPolicy, startTestBroker } from "../../../support/broker.ts";
import { openSocket } from "../../../support/broker-socket.ts";
import { startOrigin } from "../../../support/origin.ts";
import { brokerFile } from "../../../support/paths.ts";
import { startTcpServer, startTlsServer } from "../../../support/tcp-server.ts";

const program = brokerProgram(brokerFile);

function launchWithin(walls: Pick<Walls, "enclose">): () => BrokerProcess {
  const launcher = createLauncher({ walls, program });
  return () => launcher.launch({ memoryMb: 256, cpuPercent: 100 });
}

function ignore(): void {
  return undefined;
}

async function buildWalls(): Promise<Walls> {
  return openWalls({
    bwrap: "bwrap",
    programs: [program],
    insecure: false,
    development: false,
    log: { info: ignore, warn: ignore },
  });
}

test("carries requests from behind its walls, where it finds names and certificates", async () => {
  const [plain, secure] = await Promise.all([
    startOrigin(),
    startOrigin(undefined, { isTls: true }),
  ]);
  const { fetch } = await startTestBroker({
    launch: launchWithin(await buildWalls()),
  });
  expect((await fetch(plain.url)).body.toString()).toBe("hello");
  const untrusted = await fetch(`https://127.0.0.1:${secure.port}/`);
  expect(untrusted.problem?.message).toContain("certificate");
  const local = await fetch(`http://localhost:${plain.port}/`);
  expect(local.problem?.kind).toBe("denied");
  expect(plain.connections).toBe(1);
});

test("asks the host for the names that the platform opens", async () => {
  const { fetch } = await startTestBroker({
    launch: launchWithin(noWalls),
    policy: {
      internalHosts: ["*.internal.invalid"],
    },
  });
  const { problem } = await fetch("http://nowhere.internal.invalid/");
  expect(problem).toEqual({
    kind: "failed",
    code: "ENOTFOUND",
    message: "nowhere.internal.invalid was not found",
  });
});

test("fails what was open when it is killed, and carries on", async () => {
  const origin = await startOrigin((request, response) => {
    if (request.url === "/now") response.end("now");
  });
  const { broker, fetch, open } = await startTestBroker({
    launch: launchWithin(noWalls),
  });
  const before = broker.pid;
  const request = open(origin.url);
  await vi.waitFor(() => expect(origin.requests).toHaveLength(1));
  process.kill(before, "SIGKILL");
  expect((await request.done).problem?.message).toBe(
    "the broker ended; try again",
  );
  await vi.waitFor(() => expect(broker.pid).not.toBe(0), { timeout: 5000 });
  expect(broker.pid).not.toBe(before);
  const after = await fetch(`${origin.url}/now`);
  expect(after.body.toString()).toBe("now");
});

test("outlives requests that are given up at any moment, in any state", async () => {
  const compressed = gzipSync(randomBytes(512 * 1024));
  const origin = await startOrigin((request, response) => {
    if (request.url === "/moved")
      response
        .writeHead(307, { location: "/endless" })
        .end("x".repeat(100_000));
    else if (request.url === "/packed")
      response.setHeader("content-encoding", "gzip").end(compressed);
    else if (request.url === "/cut")
      response.writeHead(200, { "content-length": "9" }).end("cut");
    else if (request.url === "/reset") response.destroy();
    else if (request.url === "/endless") response.write("x".repeat(200_000));
    else response.end("hello");
  });
  const { broker, fetch, open } = await startTestBroker({
    launch: launchWithin(noWalls),
    policy: { bytesPerSecond: 4 * 1024 * 1024, maxRequests: 10_000 },
    maxOpenEgress: 1000,
  });
  const { pid } = broker;
  const paths = ["/moved", "/packed", "/cut", "/reset", "/endless", "/"];
  const body = Buffer.alloc(400_000);
  for (let round = 0; round < 20; round += 1) {
    const invocationId = `n${round}`;
    const requests = paths.flatMap((path) => [
      open(origin.url + path, { invocationId, wallMs: 20 * (round % 3) + 1 }),
      open(origin.url + path, { invocationId, isIdle: true }),
      open(origin.url + path, { invocationId, method: "POST", body }),
    ]);
    // Each round is given up a little later than the one before it.
    for (let pause = 0; pause < round; pause += 1) await setImmediate();
    for (const { exchange } of requests) exchange.abort();
  }
  expect(await fetch(origin.url)).toMatchObject({ head: { status: 200 } });
  expect(broker.pid).toBe(pid);
});

test("outlives connections that are given up at any moment, before TLS, while it is begun and after it", async () => {
  const plain = await startTcpServer((socket) => socket.pipe(socket));
  const secure = await startTlsServer((socket) => {
    socket.write("x".repeat(200_000));
    socket.pipe(socket);
  });
  const { broker } = await startTestBroker({
    launch: launchWithin(noWalls),
    policy: { maxRequests: 10_000 },
    maxOpenEgress: 1000,
  });
  const { pid } = broker;
  const trusting = { rejectUnauthorized: false };
  const bytes = Buffer.alloc(100_000);
  for (let round = 0; round < 24; round += 1) {
    const invocationId = `n${round}`;
    const sockets = [
      openSocket(broker, secure.port, { invocationId, tls: trusting }),
      openSocket(broker, secure.port, { invocationId, isIdle: true }),
      openSocket(broker, secure.port, { invocationId }),
      openSocket(broker, secure.port, { invocationId }),
      openSocket(broker, plain.port, { invocationId }),
    ];
    const [fromTheStart, idle, later, twice, refused] = sockets;
    later?.upgrade(trusting);
    later?.write(bytes);
    // Within the first, where the other side knows of none.
    for (const socket of [fromTheStart, twice, twice, refused])
      socket?.upgrade(trusting);
    for (const socket of [fromTheStart, idle, twice, refused])
      socket?.write(bytes);
    // Each round is given up a little later than the one before it.
    for (let pause = 0; pause < round * round; pause += 1) await setImmediate();
    for (const { socket } of sockets) socket.abort();
  }
  const last = openSocket(broker, secure.port, { tls: trusting });
  await last.heard("secured");
  last.upgrade(trusting);
  for (const socket of secure.sockets) socket.destroy();
  await Promise.race([last.heard("failed"), last.heard("end")]);
  expect(broker.pid).toBe(pid);
}, 30_000);

test("says nothing of its own on its way through a SOCKS proxy", async () => {
  const proxy = { url: "socks5://127.0.0.1:1", username: "", password: "" };
  const { broker, fetch, warnings } = await startTestBroker({
    launch: launchWithin(noWalls),
    policy: { proxy },
  });
  const { problem } = await fetch("http://127.0.0.1:8080/");
  expect(problem?.message).toContain("the platform's proxy");
  process.kill(broker.pid, "SIGKILL");
  await vi.waitFor(() => expect(warnings).toHaveLength(1));
  expect(warnings[0]).toMatchObject({ ending: "ended by SIGKILL" });
});

test("grows little with the containers that it knows", async () => {
  const origin = await startOrigin();
  const { broker, fetch } = await startTestBroker({
    launch: launchWithin(noWalls),
  });
  const fetchAs = async (container: string) => {
    broker.configure(container, openPolicy);
    const { problem } = await fetch("http://10.0.0.1/", { container });
    expect(problem?.kind).toBe("denied");
  };
  expect((await fetch(origin.url)).head?.status).toBe(200);
  const before = await rssOf(broker.pid);
  for (let n = 0; n < 3000; n += 1) await fetchAs(`c${n}`);
  // Garbage included: what is kept of each is a few KiB.
  expect((await rssOf(broker.pid)) - before).toBeLessThan(100 * 1024 * 1024);
});

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

test("ends when its pipe does", async () => {
  const launched: BrokerProcess[] = [];
  const launch = launchWithin(noWalls);
  const { broker } = await startTestBroker({
    launch: () => {
      const started = launch();
      launched.push(started);
      return { ...started, kill: () => undefined };
    },
  });
  launched[0]?.pipe.destroy();
  await launched[0]?.exited;
  await broker.close();
  for (const started of launched) started.kill();
});
