/**
 * A container's small calls while another one takes all it can get: five runs of each kind, each beside a run alone. The
 * Must is told of the median of the five ratios.
 */
import { once } from "node:events";
import type { LoudOutcome } from "../../support/loud-caller.ts";
import {
  burnerSource,
  burnMs,
  downloadBytesPerCall,
  downloaderSource,
} from "../../support/loud-extensions.ts";
import type { Child } from "../children.ts";
import { boundMust, latencyRow } from "../findings.ts";
import type { Findings } from "../findings.ts";
import { warmUp } from "../measure.ts";
import { minSamplesOf } from "../options.ts";
import { Series } from "../series.ts";
import type { Stage } from "../stage.ts";
import {
  bigAnswerBytes,
  bigExtensionSource,
  extensionSource,
} from "../workload.ts";

const small = "small calls of a neighbour";
const runs = 5;
const mebibyte = 1024 * 1024;

interface Loud {
  name: string;
  container: string;
  source: string;
  streams: number;
  inFlight: number;
  /** What lies in one answer: says how loud it was. */
  perAnswer: { amount: number; unit: string };
}

/** What a container may do to its neighbours; `originHost` is where it may download. */
const kindsOf = (originHost: string): readonly Loud[] => [
  {
    name: "a flood of calls",
    container: "flood",
    source: "module.exports = (ctx, cb) => cb(null, ctx.data);",
    streams: 4,
    inFlight: 1024,
    perAnswer: { amount: 1, unit: "answers/s" },
  },
  {
    name: "two executors that burn CPU",
    container: "burn",
    source: burnerSource,
    streams: 1,
    inFlight: 64,
    perAnswer: { amount: burnMs / 1000, unit: "executors burning" },
  },
  {
    name: "6 MiB answers",
    container: "large",
    source: bigExtensionSource,
    streams: 1,
    inFlight: 4,
    perAnswer: { amount: bigAnswerBytes / mebibyte, unit: "MiB/s" },
  },
  {
    name: "downloads at full rate",
    container: "download",
    source: downloaderSource(originHost),
    streams: 1,
    inFlight: 4,
    perAnswer: { amount: downloadBytesPerCall / mebibyte, unit: "MiB/s" },
  },
];

/** Measures each kind in turn. */
export async function measureFairness(stage: Stage): Promise<Findings> {
  const ours = await stage.ours("traced-1", "1 %");
  await ours.publish("fair", "hop", extensionSource);
  await stage.caller.open(small, {
    kind: "annex-stream",
    socket: ours.socket,
    container: "fair",
    call: { extension: "hop" },
    expect: "answer",
  });
  await warmUp(stage.caller, [small], stage.options.plan);
  const origin = await stage.startLoudOrigin();
  await ours.openToExtensions(origin.host);
  const found: Findings = { latencies: [], figures: [], musts: [] };
  for (const kind of kindsOf(origin.host)) {
    const { container, source, streams, inFlight } = kind;
    await ours.publish(container, "loud", source);
    const loud = await stage.startLoudCaller(`caller of ${kind.name}`, [
      ours.socket,
      container,
      "loud",
      String(streams),
      String(inFlight),
    ]);
    await measureBeside(stage, { loud, kind, found });
    await loud.close();
  }
  await origin.child.close();
  return found;
}

async function measureBeside(
  { caller, options }: Stage,
  { loud, kind, found }: { loud: Child; kind: Loud; found: Findings },
): Promise<void> {
  const { name, perAnswer } = kind;
  const all = { alone: new Series(), beside: new Series() };
  const ratios: number[] = [];
  const load: LoudOutcome = { answered: 0, refused: 0, elapsedMs: 0 };
  for (let run = 0; run < runs; run++) {
    const calls = options.plan.fairnessCallsPerRun;
    const alone = await caller.run(small, calls, 1);
    loud.process.send("start");
    const beside = await caller.run(small, calls, 1);
    const { answered, refused, elapsedMs } = await stop(loud);
    load.answered += answered;
    load.refused += refused;
    load.elapsedMs += elapsedMs;
    all.alone.add(alone);
    all.beside.add(beside);
    ratios.push(p99Of(beside.latenciesUs) / p99Of(alone.latenciesUs));
  }
  if (load.answered === 0) throw new Error(`${name}: no call was answered`);
  const minSamples = minSamplesOf(options);
  found.latencies.push(
    latencyRow("fairness", `before ${name}`, 1, all.alone, minSamples),
    latencyRow("fairness", `beside ${name}`, 1, all.beside, minSamples),
  );
  const perSecond =
    ((perAnswer.amount * load.answered) / load.elapsedMs) * 1000;
  const figures: [what: string, value: number, unit: string][] = [
    ["calls answered", load.answered, "calls"],
    ["calls refused", load.refused, "calls"],
    ["how loud it was", perSecond, perAnswer.unit],
  ];
  for (const [what, value, unit] of figures)
    found.figures.push({
      section: "fairness",
      name: `${name}: ${what}`,
      value,
      unit,
      samples: runs,
      minSamples: runs,
    });
  found.musts.push(
    boundMust(
      `p99 beside ${name}, to alone, median of ${runs} runs`,
      ratios.toSorted((one, other) => one - other)[runs >> 1] ?? NaN,
      2,
      "×",
    ),
  );
}

async function stop(loud: Child): Promise<LoudOutcome> {
  const stopped = once(loud.process, "message");
  loud.process.send("stop");
  const [outcome] = await stopped;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it says nothing else
  return outcome as LoudOutcome;
}

function p99Of(latenciesUs: Float64Array): number {
  const sorted = latenciesUs.toSorted();
  return sorted[Math.floor(sorted.length * 0.99)] ?? NaN;
}
