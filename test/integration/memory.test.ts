/** A pod's worst moment: every executor takes memory as fast as it can. */
import { expect, test } from "vitest";
import { startAnnex, type TestAnnex } from "../support/annex.ts";
import { makeMemoryGroup } from "../support/memory-group.ts";

const limitMb = 1400;
const containers = ["acme", "bolt", "cork", "dune"];

/** Takes half of what the process may have, so that a bomb beside it is above the process's limit long before its heap's. */
const ballast = `const kept = [];
  module.exports = (cb) => {
    while (kept.length < 16) kept.push(Buffer.alloc(4 << 20, 1));
    cb(null, "well");
  };`;

const bombs = {
  arrays: `module.exports = (ctx, cb) => {
    if (!ctx.body.bomb) return cb(null, "well");
    const kept = [];
    for (;;) kept.push(Array.from({ length: 4096 }, (_, i) => "text " + i + kept.length));
  };`,
  bytes: `module.exports = (ctx, cb) => {
    if (!ctx.body.bomb) return cb(null, "well");
    const kept = [];
    for (;;) kept.push(Buffer.alloc(4 << 20, 1));
  };`,
};

test.each([
  ["where no control group is ours", "rlimit"],
  ["with what this machine has", "auto"],
])(
  "all executors bombing at once under one memory limit leave the supervisor as it is, %s",
  { timeout: 120_000 },
  async (_, limits) => {
    // Before the daemons: what is begun first ends last.
    const group = makeMemoryGroup(limitMb);
    const annex = await startAnnex();
    for (const [index, container] of containers.entries()) {
      await annex.createContainer(container);
      const source = index % 2 === 0 ? bombs.arrays : bombs.bytes;
      await annex.publish(container, "hello", source);
      await annex.publish(container, "ballast", ballast);
    }
    const pid = await restartWithin(annex, group, limits);
    const client = annex.client();
    const invoke = (container: string, isBomb: boolean, extension = "hello") =>
      client.invoke({
        container,
        extension,
        payload: { bomb: isBomb },
        timeoutMs: 20_000,
      });

    for (let round = 0; round < 2; round++) {
      // Every container has an executor, so that all of them bomb at the same time.
      const before = await Promise.all(
        containers.map((one) => invoke(one, false, "ballast")),
      );
      expect(before.map(({ kind }) => kind)).toEqual(
        containers.map(() => "result"),
      );
      const outcomes = await Promise.all(
        containers.map((one) => invoke(one, true)),
      );
      const reasons = outcomes.map((outcome) =>
        outcome.kind === "failure" ? outcome.reason : outcome.kind,
      );
      expect(reasons).toEqual(containers.map(() => "memory"));
    }
    for (const container of containers)
      expect(await invoke(container, false)).toMatchObject({
        kind: "result",
        payload: "well",
      });
    expect(annex.sandboxd?.pid).toBe(pid);
    expect(isRunning(pid)).toBe(true);
    if (limits === "rlimit")
      expect(annex.sandboxd?.stderr()).toContain(
        "executor killed above its limit",
      );
    const seen = group
      ? `at most ${group.peakMb()} MB in use`
      : "no memory limit can be set on this machine, so they were bounded by sandboxd alone";
    console.info(
      `limits backend: ${annex.sandboxd?.ready["limits"]}; ${containers.length} executors bombing at once under ${limitMb} MB: ${seen}`,
    );
    expect(group?.kernelKills() ?? 0).toBe(0);
  },
);

/** Starts sandboxd anew inside the limit; gives its pid. */
async function restartWithin(
  annex: TestAnnex,
  group: ReturnType<typeof makeMemoryGroup>,
  limits: string,
): Promise<number> {
  await annex.sandboxd?.stop();
  const start = () =>
    annex.startSandboxd([
      "--limits",
      limits,
      "--memory-limit-mb",
      String(limitMb),
      "--memory-mb",
      "192",
      "--heap-limit-mb",
      "128",
      "--max-executors-per-container",
      "1",
      "--pool-size",
      "1",
      "--sync-ms",
      "10000",
      "--cpu-ms",
      "10000",
      "--quarantine-after",
      "100",
    ]);
  const { pid } = await (group ? group.within(start) : start());
  return pid;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
