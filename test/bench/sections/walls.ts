/** The hop with what walls this machine can build, and without any. */
import { latencyRow, ratioMust, seriesOf } from "../findings.ts";
import type { Findings } from "../findings.ts";
import { measureInTurns, warmUp } from "../measure.ts";
import { minSamplesOf } from "../options.ts";
import type { Stage } from "../stage.ts";
import { extensionSource } from "../workload.ts";

const walled = "with walls";
const open = "without walls";
/** Of sandboxd: `--insecure-no-sandbox`. */
const wallSettings = {
  [walled]: {},
  [open]: { ANNEX_INSECURE_NO_SANDBOX: "true" },
};

/** Measures both in turns. */
export async function measureWalls(stage: Stage): Promise<Findings> {
  const { caller } = stage;
  const { plan } = stage.options;
  const targets = [walled, open] as const;
  for (const name of targets) {
    const instance = name === walled ? "traced-1" : "open-1";
    const ours = await stage.ours(instance, "1 %", wallSettings[name]);
    await ours.publish("walls", "hop", extensionSource);
    await caller.open(name, {
      kind: "annex-stream",
      socket: ours.socket,
      container: "walls",
      call: { extension: "hop" },
      expect: "answer",
    });
  }
  await warmUp(caller, targets, plan);
  const all = await measureInTurns(caller, targets, plan, 1);
  const minSamples = minSamplesOf(stage.options);
  const p50Of = (name: string) => seriesOf(all, name).latency().p50Us;
  return {
    latencies: [...all].map(([name, series]) =>
      latencyRow("walls", name, 1, series, minSamples),
    ),
    figures: [],
    musts: [
      ratioMust(
        "InvokeStream p50 with walls, to without",
        p50Of(walled),
        p50Of(open),
        1.1,
      ),
    ],
  };
}
