/** What tracing costs the caller: none, one in a hundred, and every invocation exported to a real receiver. */
import { latencyRow, seriesOf } from "../findings.ts";
import type { FigureRow, Findings } from "../findings.ts";
import { measureInTurns, warmUp } from "../measure.ts";
import { minSamplesOf } from "../options.ts";
import type { Sampling, Stage } from "../stage.ts";
import { extensionSource } from "../workload.ts";

const instances: { name: string; sampling: Sampling }[] = [
  { name: "traced-0", sampling: "off" },
  { name: "traced-1", sampling: "1 %" },
  { name: "traced-100", sampling: "100 %" },
];

/** Measures three instances of ours in turns. */
export async function measureTracing(stage: Stage): Promise<Findings> {
  const targets = instances.map(({ sampling }) => `tracing ${sampling}`);
  for (const { name, sampling } of instances) {
    const ours = await stage.ours(name, sampling);
    await ours.publish("traced", "hop", extensionSource);
    await stage.caller.open(`tracing ${sampling}`, {
      kind: "annex-stream",
      socket: ours.socket,
      container: "traced",
      call: { extension: "hop" },
      expect: "answer",
    });
  }
  const { plan } = stage.options;
  const before = await stage.receivedSpans();
  await warmUp(stage.caller, targets, plan);
  const findings: Findings = { latencies: [], figures: [], musts: [] };
  for (const inFlight of [1, 16]) {
    const all = await measureInTurns(stage.caller, targets, plan, inFlight);
    for (const name of targets)
      findings.latencies.push(
        latencyRow(
          "tracing",
          name,
          inFlight,
          seriesOf(all, name),
          minSamplesOf(stage.options),
        ),
      );
  }
  findings.figures.push(received((await stage.receivedSpans()) - before));
  return findings;
}

/** That the receiver got none would mean that nothing was traced. */
function received(spans: number): FigureRow {
  return {
    section: "tracing",
    name: "spans the receiver got",
    value: spans,
    unit: "spans",
    samples: spans,
    minSamples: 1000,
  };
}
