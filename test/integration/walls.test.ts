/** The walls around an executor's process, looked at from outside, tried from inside, and missing. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startAnnex } from "../support/annex.ts";
import { metricOf } from "../support/metrics.ts";
import { repositoryRoot } from "../support/paths.ts";
import {
  brokerOf,
  descriptorsOf,
  executorsOf,
  isReadOnly,
  mountsOf,
  programsOf,
  statusOf,
} from "../support/walled-processes.ts";

const run = promisify(execFile);
const doubles = join(repositoryRoot, "test/hostile/catalogue");
const good = "module.exports = (cb) => cb(null, 'good');";

test("an executor has no capability, no files, no network and no door but its pipe", async () => {
  const annex = await startAnnex();
  expect(annex.sandboxd?.ready["walls"]).toBe("bwrap");
  const sandboxd = annex.sandboxd?.pid ?? 0;
  const [executor = 0] = await executorsOf(sandboxd);

  const status = await statusOf(executor);
  for (const set of ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
    expect(BigInt(`0x${status[set]}`), set).toBe(0n);
  expect(status).toMatchObject({ NoNewPrivs: "1", Seccomp: "2" });

  for (const { path, options, kind } of await mountsOf(executor)) {
    if (kind !== "proc" && !path.startsWith("/dev"))
      expect(options, path).toContain("ro");
    for (const secret of [annex.home, homedir(), "/etc", "/home", "/tmp"])
      expect(`${path}/`.startsWith(`${secret}/`), path).toBe(false);
  }

  const descriptors = await descriptorsOf(executor);
  const inherited = Object.entries(descriptors).filter(([n]) => Number(n) > 3);
  for (const [number, target] of inherited)
    // The executor reads Node's library out of its own bundle as guests come to need it.
    if (target === "/app/executor.cjs")
      expect(await isReadOnly(executor, number)).toBe(true);
    // Node keeps its root open, which is the empty one of the walls.
    else if (target !== "/")
      expect(target, `descriptor ${number}`).toMatch(
        /^(anon_inode|pipe|socket|\/dev\/null)/,
      );
  expect(descriptors["0"]).toBe("/dev/null");

  expect((await statusOf(await brokerOf(sandboxd)))["NoNewPrivs"]).toBe("1");
  expect(
    BigInt(`0x${(await statusOf(await brokerOf(sandboxd)))["CapEff"]}`),
  ).toBe(0n);
});

test("native code inside finds no file, no network, no process and no signal of the host", async () => {
  const annex = await startAnnex({
    sandboxd: ["--executor-file", join(doubles, "a40-inside-the-walls.cjs")],
  });
  await annex.createContainer("acme");
  await annex.publish("acme", "probe", good);
  const server = createServer();
  let connections = 0;
  server.on("connection", () => connections++);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const abstract = createServer(() => connections++);
  const name = `annex-test-${process.pid}`;
  abstract.listen(`\0${name}`);
  await once(abstract, "listening");
  onTestFinished(() => {
    server.close();
    abstract.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server that listens on TCP has such an address
  const { port } = server.address() as AddressInfo;
  const outcome = await annex.client().invoke({
    container: "acme",
    extension: "probe",
    payload: { port, abstract: name, pid: process.pid, home: homedir() },
  });
  expect(outcome).toMatchObject({
    kind: "result",
    payload: {
      passwd: "ENOENT",
      home: "ENOENT",
      write: "EROFS",
      temporary: expect.stringMatching(/ENOENT|EROFS/),
      tcp: expect.stringMatching(/^E(?!CONNRESET)/),
      tcp6: expect.stringMatching(/^E/),
      abstract: expect.stringMatching(/^E/),
      signal: expect.stringMatching(/ESRCH|EPERM/),
      shell: expect.stringMatching(/^E/),
      // Where the walls have put the libraries that Node loads.
      env: ["LD_LIBRARY_PATH"],
    },
  });
  const { pids } = (outcome as { payload: { pids: number | string } }).payload;
  if (typeof pids === "number") expect(pids).toBeLessThanOrEqual(2);
  expect(connections).toBe(0);
});

test.each([
  ["oversized", "ended"],
  ["bad-json", "ended"],
  ["unknown-ids", "ended"],
  ["flood", "ended"],
  ["head-lies", "ended"],
  ["twice", "heard once"],
  ["others-id", "not heard"],
])(
  "an executor that breaks the protocol (%s) is %s, and nobody else notices",
  async (breach, verdict) => {
    const annex = await startAnnex({
      sandboxd: [
        "--executor-file",
        join(doubles, "a39-broken-protocol.cjs"),
        "--wall-ms",
        "3000",
      ],
    });
    const pid = annex.sandboxd?.pid;
    for (const container of ["guilty", "innocent"])
      await annex.createContainer(container);
    await annex.publish("innocent", "good", good);
    await annex.publish("guilty", "bad", `${good} // breach:${breach}`);
    await annex.publish("guilty", "good", good);
    const client = annex.client();
    const innocent = () =>
      client.invoke({ container: "innocent", extension: "good" });
    expect(await innocent()).toMatchObject({ payload: "good" });
    const outcomes = await Promise.all([
      client.invoke({ container: "guilty", extension: "bad" }),
      innocent(),
      client.invoke({ container: "innocent", extension: "good" }),
    ]);
    if (verdict === "ended")
      await expect
        .poll(() => annex.sandboxd?.stderr())
        .toContain('"cause":"protocol"');
    else if (verdict === "heard once")
      expect(outcomes[0]).toMatchObject({ payload: "good" });
    else expect(outcomes[0]).toMatchObject({ reason: "wall_time" });
    expect(outcomes.slice(1)).toMatchObject([
      { payload: "good" },
      { payload: "good" },
    ]);
    await expect
      .poll(() => client.invoke({ container: "guilty", extension: "good" }))
      .toMatchObject({ payload: "good" });
    expect(annex.sandboxd?.pid).toBe(pid);
    expect(await innocent()).toMatchObject({ payload: "good" });
  },
);

test("killing sandboxd leaves no process behind", async () => {
  const annex = await startAnnex();
  const programs = await programsOf(annex.sandboxd?.pid ?? 0);
  expect(programs.length).toBeGreaterThan(1);
  await annex.sandboxd?.kill();
  await expect
    .poll(
      async () =>
        (await Promise.allSettled(programs.map(statusOf))).filter(isAlive)
          .length,
    )
    .toBe(0);
});

test("without bubblewrap sandboxd does not start, and says what to do", async () => {
  const refusal = await refusedStart("--bwrap", "/nonexistent/bwrap");
  expect(refusal).toContain("bubblewrap");
  expect(refusal).toContain("apt-get install bubblewrap");
  expect(refusal).toContain("--insecure-no-sandbox");
});

test("without walls everybody can see it", async () => {
  const annex = await startAnnex({ sandboxd: ["--insecure-no-sandbox"] });
  expect(annex.sandboxd?.ready["walls"]).toBe("none");
  expect(annex.sandboxd?.stderr()).toContain("WITHOUT WALLS");
  const { host } = await annex.control("hosts").getHost({ name: "test-host" });
  expect(host?.walls).toBe("none");
  expect(await metricOf(annex.gateway, "annex_walls", { walls: "none" })).toBe(
    1,
  );
});

test("where /proc is masked, executors do without one", async () => {
  const annex = await startAnnex({ within: maskedProc });
  expect(annex.sandboxd?.ready["walls"]).toBe("bwrap-no-proc");
  await annex.createContainer("acme");
  await annex.publish("acme", "good", good);
  expect(
    await annex.client().invoke({ container: "acme", extension: "good" }),
  ).toMatchObject({ payload: "good" });
});

test("where cgroups are read-only, limits are held from outside", async () => {
  const annex = await startAnnex({ within: readOnlyCgroups });
  expect(annex.sandboxd?.ready).toMatchObject({
    walls: "bwrap",
    limits: "rlimit",
  });
  await annex.createContainer("bomber");
  await annex.publish(
    "bomber",
    "bomb",
    // Past the heap's limit, which V8 does not look at in there.
    'module.exports = (cb) => cb(null, "a".repeat(1e8).replace(/a/g, (one) => one + one).length);',
  );
  expect(
    await annex.client().invoke({ container: "bomber", extension: "bomb" }),
  ).toMatchObject({
    kind: "failure",
    reason: "memory",
    limit: { name: "memory_mb" },
  });
});

/** As container runtimes do it: some of /proc is covered, so the kernel refuses to mount a fresh one. */
const maskedProc = [
  "bwrap",
  "--die-with-parent",
  "--dev-bind",
  "/",
  "/",
  "--ro-bind",
  "/dev/null",
  "/proc/timer_list",
  "--",
];
const readOnlyCgroups = [
  "bwrap",
  "--die-with-parent",
  "--dev-bind",
  "/",
  "/",
  "--ro-bind",
  "/sys/fs/cgroup",
  "/sys/fs/cgroup",
  "--",
];

async function refusedStart(...flags: string[]): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), "annex-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const main = join(repositoryRoot, "sandboxd/main.ts");
  const started = run(process.execPath, [main, "--home", home, ...flags]);
  const { stderr } = await started.then(
    () => ({ stderr: "it started" }),
    (error: { stderr: string }) => error,
  );
  return stderr;
}

function isAlive({ status }: PromiseSettledResult<unknown>): boolean {
  return status === "fulfilled";
}
