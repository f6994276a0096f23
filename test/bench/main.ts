/**
 * `npm run bench [-- --quick] [--json FILE] [--only hop|tracing|walls|neighbour|fairness|limits|cold|surface]…`: us beside our peers in one run. Ends
 * with 1 where a row has too few samples or calls failed; a missed Must is told, not punished: the machine may be busy.
 */
import { writeFile } from "node:fs/promises";
import type { Findings } from "./findings.ts";
import { readOptions } from "./options.ts";
import type { BenchOptions, Section } from "./options.ts";
import { describeMachine, render, shortcomingsOf } from "./report.ts";
import type { Report } from "./report.ts";
import { measureCold } from "./sections/cold.ts";
import { measureSurface } from "./sections/surface.ts";
import { measureFairness } from "./sections/fairness.ts";
import { measureHop } from "./sections/hop.ts";
import { measureLimits } from "./sections/limits.ts";
import { measureNeighbour } from "./sections/neighbour.ts";
import { measureTracing } from "./sections/tracing.ts";
import { measureWalls } from "./sections/walls.ts";
import { setStage } from "./stage.ts";
import type { Stage } from "./stage.ts";

const measures: Record<Section, (stage: Stage) => Promise<Findings>> = {
  hop: measureHop,
  tracing: measureTracing,
  walls: measureWalls,
  neighbour: measureNeighbour,
  fairness: measureFairness,
  limits: measureLimits,
  cold: measureCold,
  surface: measureSurface,
};

await main(process.argv.slice(2));

async function main(argv: string[]): Promise<void> {
  const options = readOptions(argv);
  const report = await measure(options);
  console.log(render(report));
  if (options.jsonFile !== undefined)
    await writeFile(options.jsonFile, JSON.stringify(report, undefined, 2));
  if (report.shortcomings.length > 0) process.exitCode = 1;
}

async function measure(options: BenchOptions): Promise<Report> {
  const machine = describeMachine();
  const stage = await setStage(options);
  const all: Findings = { latencies: [], figures: [], musts: [] };
  const failed: string[] = [];
  try {
    for (const section of options.sections) {
      console.error(`measuring ${section} …`);
      try {
        add(all, await measures[section](stage));
      } catch (error) {
        // What the other parts find is still worth having.
        failed.push(`${section}: ${String(error)}`);
      }
    }
  } finally {
    await stage.close();
  }
  const shortcomings = [...failed, ...shortcomingsOf(all)];
  return {
    machine,
    options,
    processes: stage.processes,
    ...all,
    shortcomings,
  };
}

function add(all: Findings, found: Findings): void {
  all.latencies.push(...found.latencies);
  all.figures.push(...found.figures);
  all.musts.push(...found.musts);
}
