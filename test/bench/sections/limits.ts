/**
 * What follows a limit: how long after it the caller is told, how soon a killed executor is replaced, and what the
 * supervisor and another container's calls notice of it.
 */
import { readFile } from "node:fs/promises";
import { connect } from "../../../clients/node/index.ts";
import type { Annex } from "../../../clients/node/index.ts";
import { boundMust } from "../findings.ts";
import type { FigureRow, Findings } from "../findings.ts";
import type { Ours } from "../ours.ts";
import { childrenOf } from "../processes.ts";
import { Series } from "../series.ts";
import type { Stage } from "../stage.ts";
import { extensionSource } from "../workload.ts";

const container = "limits";
const neighbour = "small calls beside limits";
const sources = {
  hop: extensionSource,
  /** V8 interrupts it. */
  loop: "module.exports = (cb) => { for (;;); };",
  /** It does not interrupt this. */
  native:
    "module.exports = (cb) => cb(null, [].indexOf.call({ length: 2 ** 53 - 1 }, 1));",
  burn: "module.exports = (cb) => { for (const end = Date.now() + 200; Date.now() < end; ); cb(null, 1); };",
};
const syncMs = 100;
const wallMs = 500;

/** Meets each limit so many times, with a neighbour's calls in between. */
export async function measureLimits(stage: Stage): Promise<Findings> {
  // Versions that end executors on purpose would be taken out of service.
  const ours = await stage.ours("limits", "1 %", {
    ANNEX_QUARANTINE_AFTER: "1000000",
  });
  for (const [extension, source] of Object.entries(sources))
    await ours.publish(`${container}-${extension}`, extension, source);
  await stage.caller.open(neighbour, {
    kind: "annex-stream",
    socket: ours.socket,
    container: `${container}-hop`,
    call: { extension: "hop" },
    expect: "answer",
  });
  await stage.caller.run(neighbour, stage.options.plan.warmUpCalls, 1);
  const annex = connect({ socket: ours.socket });
  const beforeMb = (await memoryMbOf(ours)).now;
  const over = { interrupted: new Series(), killed: new Series() };
  const replaced: number[] = [];
  const slowestMs: number[] = [];
  for (let call = 0; call < stage.options.plan.limitCalls; call++) {
    const beside = stage.caller.run(neighbour, 1000, 1);
    add(over.interrupted, (await timed(annex, "loop", { syncMs })) - syncMs);
    add(
      over.killed,
      (await timed(annex, "native", { timeoutMs: wallMs })) - wallMs,
    );
    const { latenciesUs, firstFailure } = await beside;
    if (firstFailure !== "")
      throw new Error(`a neighbour's call failed: ${firstFailure}`);
    slowestMs.push(Math.max(...latenciesUs) / 1000);
    // Only now, when nobody else's executor is busy.
    replaced.push(await replacementMs(annex, ours));
  }
  const grownMb = (await memoryMbOf(ours)).most - beforeMb;
  await annex.close();
  const sorted = replaced.toSorted((one, other) => one - other);
  const figures = {
    "kill to a replacement's answer, p50": sorted[sorted.length >> 1] ?? NaN,
    "kill to a replacement's answer, slowest": sorted.at(-1) ?? NaN,
    "slowest call of a neighbour meanwhile": Math.max(...slowestMs),
    "answer after the limit, interrupted": msOf(over.interrupted),
    "answer after the limit, killed": msOf(over.killed),
  };
  return {
    latencies: [],
    figures: Object.entries(figures).map(([name, value]) =>
      figure(name, value, replaced.length),
    ),
    musts: [
      boundMust(
        "answer after the limit, interrupted",
        msOf(over.interrupted),
        200,
        "ms",
      ),
      boundMust(
        "answer after the limit, killed",
        msOf(over.killed),
        1000,
        "ms",
      ),
      boundMust(
        "kill to a replacement's answer, p50",
        figures["kill to a replacement's answer, p50"],
        50,
        "ms",
      ),
      boundMust(
        "the supervisor's loop, by a neighbour's slowest call",
        Math.max(...slowestMs),
        250,
        "ms",
      ),
      boundMust("the supervisor's memory, growth", grownMb, 100, "MB"),
    ],
  };
}

function add(series: Series, ms: number): void {
  series.add({
    latenciesUs: Float64Array.of(Math.max(0, ms) * 1000),
    elapsedMs: ms,
    coldCalls: 0,
    failures: 0,
    firstFailure: "",
  });
}

/** The highest of them: what is promised is promised of each. */
function msOf(series: Series): number {
  return series.latency().roundP50Us[1] / 1000;
}

function figure(name: string, ms: number, samples: number): FigureRow {
  const row = { section: "limits" as const, unit: "ms", minSamples: 5 };
  return { ...row, name, value: ms, samples };
}

/** How long a call takes that meets a limit. */
async function timed(
  annex: Annex,
  extension: keyof typeof sources,
  limits: { syncMs?: number; timeoutMs?: number },
): Promise<number> {
  const began = performance.now();
  const outcome = await annex.invoke({
    container: `${container}-${extension}`,
    extension,
    ...limits,
  });
  if (outcome.kind !== "failure")
    throw new Error(`${extension} met no limit: ${outcome.kind}`);
  return performance.now() - began;
}

/** Kills the executor that burns, as the kernel would, and calls until another one has answered. */
async function replacementMs(annex: Annex, ours: Ours): Promise<number> {
  const burn = { container: `${container}-burn`, extension: "burn" };
  const before = await cpuTicksOfChildren(ours.supervisorPid);
  await annex.invoke(burn);
  const after = await cpuTicksOfChildren(ours.supervisorPid);
  const used = (pid: number) => (after.get(pid) ?? 0) - (before.get(pid) ?? 0);
  const [busiest] = [...after.keys()].toSorted((a, b) => used(b) - used(a));
  if (busiest === undefined || used(busiest) < 10)
    throw new Error("no executor of the supervisor was seen to burn");
  process.kill(busiest, "SIGKILL");
  const killed = performance.now();
  for (;;) {
    const outcome = await annex.invoke(burn);
    // Its own 200 ms are no part of the replacement.
    if (outcome.kind === "result") return performance.now() - killed - 200;
  }
}

/** Processor time of each child and all it started, in the kernel's ticks. */
async function cpuTicksOfChildren(pid: number): Promise<Map<number, number>> {
  const ticks = new Map<number, number>();
  for (const child of await childrenOf(pid))
    ticks.set(child, await cpuTicksOf(child));
  return ticks;
}

async function cpuTicksOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // Behind the command's name, which may hold anything: the state, and so on.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  let ticks = Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  for (const child of await childrenOf(pid).catch(() => []))
    ticks += await cpuTicksOf(child);
  return ticks;
}

async function memoryMbOf(ours: Ours): Promise<{ now: number; most: number }> {
  const status = await readFile(`/proc/${ours.supervisorPid}/status`, "utf8");
  const of = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  return { now: of("VmRSS"), most: of("VmHWM") };
}
