/** One of each on a home, and nothing left of one that ended, however it ended. */
import { once } from "node:events";
import { stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { startDaemon } from "../support/daemon.ts";
import { executorFile } from "../support/paths.ts";
import { childrenOf, descendantsOf } from "../support/processes.ts";

const container = "acme";
const target = { container, extension: "hello" };
/** Has each Node that is started with it leave a rejection to nobody at SIGUSR2. */
const bugAtSignal = `--import=data:text/javascript,${encodeURIComponent(
  'process.on("SIGUSR2", () => void Promise.reject(new Error("a bug")));',
)}`;
const patience = { timeout: 40_000, interval: 20 };

vi.setConfig({ testTimeout: 120_000 });

test("a second control plane on a home says so and leaves the first alone", async () => {
  const annex = await startAnnex();
  await expect(
    startDaemon("controlplane/main.ts", [
      "--home",
      annex.home,
      "--grpc-port",
      "0",
      "--http-port",
      "0",
      "serve",
    ]),
  ).rejects.toThrow(/another control plane is using /);
  await annex.createContainer(container);
});

test("a second sandboxd on a home says so and leaves the first alone", async () => {
  const annex = await answering();
  await expect(
    startDaemon("sandboxd/main.ts", hostArgs(annex)),
  ).rejects.toThrow(/another sandboxd is using /);
  expect(await annex.client().invoke(target)).toMatchObject({ payload: 1 });
});

test("a second sandboxd takes no socket on which another answers, and no file that is none", async () => {
  const annex = await answering();
  const home = `${annex.home}/second`;
  const start = (socket: string) =>
    startDaemon("sandboxd/main.ts", [
      ...hostArgs(annex, home),
      "--socket",
      socket,
    ]);
  await expect(start(annex.socket)).rejects.toThrow(/answers on /);
  expect(await annex.client().invoke(target)).toMatchObject({ payload: 1 });

  const foreign = `${annex.home}/foreign.sock`;
  const server = createServer().listen(foreign);
  await once(server, "listening");
  onTestFinished(() => void server.close());
  await expect(start(foreign)).rejects.toThrow(/answers on /);
  expect((await stat(foreign)).isSocket()).toBe(true);

  const file = `${annex.home}/precious.txt`;
  await writeFile(file, "precious");
  await expect(start(file)).rejects.toThrow(/is not a socket/);
  expect((await stat(file)).size).toBe(8);
});

test("a killed sandboxd leaves no executor alive, and the next takes its socket", async () => {
  const annex = await answering();
  const executors = await childrenOf(annex.sandboxd?.pid ?? 0);
  expect(executors.length).toBeGreaterThanOrEqual(2);
  await annex.sandboxd?.kill();
  expect((await stat(annex.socket)).isSocket()).toBe(true);
  await allGone(executors);
  await annex.startSandboxd();
  expect(await annex.client().invoke(target)).toMatchObject({ payload: 1 });
});

test("at SIGTERM sandboxd lets calls in flight finish, exits with 0 and leaves no process", async () => {
  const annex = await startAnnex();
  await annex.createContainer(container);
  const slow =
    "module.exports = (cb) => setTimeout(() => cb(null, 'finished'), 2000);";
  await annex.publish(container, "hello", slow);
  const inFlight = annex.client().invoke(target);
  await vi.waitFor(async () => {
    const { rollout } = await annex.control("extensions").getRollout(target);
    expect(rollout).toMatchObject({ warm: 1 });
  }, patience);
  const executors = await childrenOf(annex.sandboxd?.pid ?? 0);
  const ended = annex.sandboxd?.stop();
  expect(await inFlight).toMatchObject({ payload: "finished" });
  expect(await ended).toBe(0);
  await allGone(executors);
  await expect(stat(annex.socket)).rejects.toThrow("ENOENT");
});

test("at SIGTERM under load every call finishes or is refused once, and no process is left behind walls", async () => {
  const annex = await startAnnex();
  await annex.createContainer(container);
  const slow =
    "module.exports = (cb) => setTimeout(() => cb(null, 'finished'), 3000);";
  await annex.publish(container, "slow", slow);
  await annex.publish(
    container,
    "hello",
    "module.exports = (cb) => cb(null, 1);",
  );
  const client = annex.client();
  await client.invoke(target);
  const inFlight = Array.from({ length: 50 }, () =>
    client.invoke({ container, extension: "slow" }),
  );
  // On the same connection, so that all before it have been taken in.
  await client.invoke(target);
  const streams = Array.from({ length: 8 }, () => callUntilRefused(annex));
  await Promise.all(streams.map(({ answered }) => answered));
  const pid = annex.sandboxd?.pid ?? 0;
  const started = await descendantsOf(pid);
  if (annex.sandboxd?.ready["walls"] !== "none")
    expect(started.length).toBeGreaterThan((await childrenOf(pid)).length);

  const ended = annex.sandboxd?.stop();
  const refusals = await Promise.all(streams.map(({ refused }) => refused));
  expect(refusals).toEqual(
    streams.map(() => expect.objectContaining({ code: "unavailable" })),
  );
  expect(await Promise.all(inFlight), annex.sandboxd?.stderr()).toEqual(
    inFlight.map(() => expect.objectContaining({ payload: "finished" })),
  );
  expect(await ended).toBe(0);
  await allGone(started);
});

test("a bug that nothing caught is logged and ends each daemon, with all that it started", async () => {
  const annex = await startAnnex({ env: { NODE_OPTIONS: bugAtSignal } });
  for (const daemon of [annex.sandboxd, annex.controlplane]) {
    if (!daemon) throw new Error("it was not started");
    const { pid } = daemon;
    const children = await childrenOf(pid);
    process.kill(pid, "SIGUSR2");
    await allGone([pid, ...children]);
    expect(await daemon.stop()).toBe(1);
    const last = daemon.stderr().trim().split("\n").at(-1) ?? "";
    expect(JSON.parse(last)).toMatchObject({
      msg: "bug, ending",
      origin: "unhandledRejection",
      err: { message: "a bug", stack: expect.stringContaining("data:text") },
    });
  }
});

test("at SIGTERM the control plane exits with 0 and leaves no process, though hosts are connected", async () => {
  const annex = await answering();
  const children = await childrenOf(annex.controlplane?.pid ?? 0);
  expect(await annex.controlplane?.stop()).toBe(0);
  await allGone(children);
  expect(await annex.client().invoke(target)).toMatchObject({ payload: 1 });
});

async function answering(): Promise<TestAnnex> {
  const annex = await startAnnex();
  await annex.createContainer(container);
  await annex.publish(
    container,
    "hello",
    "module.exports = (cb) => cb(null, 1);",
  );
  await annex.client().invoke(target);
  return annex;
}

/** More calls than a host answers in the time a test has. */
const maxCalls = 100_000;

/** Calls again and again on a connection of its own: says when the first was answered, and with what one was refused. */
function callUntilRefused(annex: TestAnnex): {
  answered: Promise<void>;
  refused: Promise<unknown>;
} {
  const client = annex.client();
  const { promise: answered, resolve, reject } = Promise.withResolvers<void>();
  const call = async (): Promise<unknown> => {
    for (let count = 0; count < maxCalls; count++) {
      try {
        expect(await client.invoke(target)).toMatchObject({ payload: 1 });
      } catch (error) {
        reject(error);
        return error;
      }
      resolve();
    }
    return "nothing";
  };
  return { answered, refused: call() };
}

function hostArgs(annex: TestAnnex, home = annex.home): string[] {
  const joinToken = `${annex.home}/join-token`;
  return [
    "--home",
    home,
    "--control",
    annex.grpc,
    "--run-port",
    "0",
    "--join-token-file",
    joinToken,
    "--executor-file",
    executorFile,
  ];
}

async function allGone(pids: number[]): Promise<void> {
  await vi.waitFor(
    () => expect(pids.filter((pid) => isAlive(pid))).toEqual([]),
    patience,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
