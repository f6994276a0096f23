/**
 * First calls of containers that have no executor, and the memory of those they leave warm. The supervisor, the caller and
 * their connection are warm; the container is not.
 */
import { setTimeout } from "node:timers/promises";
import { boundMust, latencyRow } from "../findings.ts";
import type { FigureRow, Findings, LatencyRow, Must } from "../findings.ts";
import type { Ours } from "../ours.ts";
import { childrenOf, commandOf, pssMbOf } from "../processes.ts";
import { Series } from "../series.ts";
import type { Stage } from "../stage.ts";
import { extensionSource } from "../workload.ts";

/** Between first calls: the time a host needs to have its spare executors ready again. */
const pauseMs = 500;
/** Before memory is looked at: garbage of the calls is then collected. */
const settleMs = 2000;
const minColdSamples = { quick: 15, full: 50 };
/** The Must is told of this many. */
const mustContainers = 50;

/** Measures first calls, and memory on the way. */
export async function measureCold(stage: Stage): Promise<Findings> {
  const { plan } = stage.options;
  const ours = await stage.ours("cold", "1 %");
  const memory: FigureRow[] = [];
  const lookAt = async (containers: number) => {
    if (plan.memoryAt.includes(containers))
      memory.push(await memoryOf(ours, containers));
  };
  const row = await firstCalls(stage, ours, {
    section: "cold",
    name: "first call of a container",
    source: extensionSource,
    each: lookAt,
  });
  return {
    latencies: [row],
    figures: memory,
    musts: [
      boundMust("first invocation p50", row.p50Us / 1000, 15, "ms"),
      ...memoryMust(memory),
    ],
  };
}

export interface FirstCalls {
  section: LatencyRow["section"];
  name: string;
  /** Of the extension that every container has. */
  source: string;
  /** Told how many containers are warm. */
  each?: (containers: number) => Promise<void>;
}

/** The first call of one container after another. */
export async function firstCalls(
  stage: Stage,
  ours: Ours,
  { section, name, source, each }: FirstCalls,
): Promise<LatencyRow> {
  const { plan, isQuick } = stage.options;
  const containers = Array.from(
    { length: plan.coldContainers },
    (_, index) => `${section}-${index}`,
  );
  for (const container of containers)
    await ours.publish(container, "hop", source);
  await warmTheWay(stage, ours);
  await each?.(1);
  const cold = new Series();
  for (const [index, container] of containers.entries()) {
    await setTimeout(pauseMs);
    await open(stage, ours, container);
    cold.add(await stage.caller.run(container, 1, 1));
    // The container that warmed the way is one of them.
    await each?.(index + 2);
  }
  if (cold.coldCalls < cold.samples)
    throw new Error(`${cold.samples - cold.coldCalls} first calls were warm`);
  const minSamples = isQuick ? minColdSamples.quick : minColdSamples.full;
  return latencyRow(section, name, 1, cold, minSamples);
}

async function warmTheWay(stage: Stage, ours: Ours): Promise<void> {
  const name = "way";
  await ours.publish(name, "hop", extensionSource);
  await open(stage, ours, name);
  await stage.caller.run(name, stage.options.plan.warmUpCalls, 1);
}

async function open(stage: Stage, ours: Ours, name: string): Promise<void> {
  await stage.caller.open(name, {
    kind: "annex-stream",
    socket: ours.socket,
    container: name,
    call: { extension: "hop" },
    expect: "answer",
  });
}

/** Of all executors, the few that wait for a container among them: those hold more, ready for whatever comes. */
async function memoryOf(ours: Ours, containers: number): Promise<FigureRow> {
  await setTimeout(settleMs);
  const sizes: number[] = [];
  for (const pid of await childrenOf(ours.supervisorPid))
    if ((await commandOf(pid)).includes("executor"))
      sizes.push(await pssMbOf(pid));
  return {
    section: "cold",
    name: `PSS per warm container, of ${containers}`,
    value: sizes.reduce((sum, size) => sum + size, 0) / sizes.length,
    unit: "MB",
    samples: Math.min(sizes.length, containers),
    minSamples: containers,
  };
}

function memoryMust(memory: FigureRow[]): Must[] {
  const row = memory.find(({ samples }) => samples === mustContainers);
  if (!row) return [];
  return [
    boundMust("memory per idle warm container, of 50", row.value, 25, "MB"),
  ];
}
