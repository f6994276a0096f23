/** Small calls while another caller takes 6 MiB answers from another container, and without. */
import { latencyRow, ratioMust } from "../findings.ts";
import type { Findings } from "../findings.ts";
import { warmUp } from "../measure.ts";
import { minSamplesOf } from "../options.ts";
import { Series } from "../series.ts";
import type { Stage } from "../stage.ts";
import { bigExtensionSource, extensionSource } from "../workload.ts";

const small = "small calls";
const big = "large answers";

/** Measures quiet and loud rounds in turns. */
export async function measureNeighbour(stage: Stage): Promise<Findings> {
  const { caller } = stage;
  const other = await stage.startCaller("caller of large answers");
  const { socket } = await openOurs(stage);
  await caller.open(small, target(socket, "quiet", "answer"));
  await other.open(big, target(socket, "loud", "big"));
  const { plan } = stage.options;
  await warmUp(caller, [small], plan);
  const quiet = new Series();
  const loud = new Series();
  let bigCalls = 0;
  for (let round = 0; round < plan.rounds; round++) {
    quiet.add(await caller.run(small, plan.neighbourCallsPerRound, 1));
    await other.startLoad(big);
    loud.add(await caller.run(small, plan.neighbourCallsPerRound, 1));
    bigCalls += await other.stopLoad();
  }
  const minSamples = minSamplesOf(stage.options);
  const quietRow = latencyRow("neighbour", "alone", 1, quiet, minSamples);
  const loudRow = latencyRow(
    "neighbour",
    "beside 6 MiB answers",
    1,
    loud,
    minSamples,
  );
  return {
    latencies: [quietRow, loudRow],
    figures: [
      {
        section: "neighbour",
        name: "6 MiB answers meanwhile",
        value: bigCalls,
        unit: "answers",
        samples: bigCalls,
        minSamples: plan.rounds,
      },
    ],
    musts: [
      ratioMust(
        "InvokeStream p99 beside 6 MiB answers, to alone",
        loudRow.p99Us ?? Infinity,
        quietRow.p99Us ?? 0,
        2,
      ),
    ],
  };
}

async function openOurs(stage: Stage) {
  const ours = await stage.ours("traced-1", "1 %");
  await ours.publish("quiet", "hop", extensionSource);
  await ours.publish("loud", "hop", bigExtensionSource);
  return ours;
}

function target(socket: string, container: string, expect: "answer" | "big") {
  return {
    kind: "annex-stream" as const,
    socket,
    container,
    call: { extension: "hop" },
    expect,
  };
}
