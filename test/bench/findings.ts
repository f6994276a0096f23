/** What the parts of the benchmark found. */
import type { Section } from "./options.ts";
import type { Latency, Series } from "./series.ts";

/** One target at one number of calls in flight. */
export interface LatencyRow extends Latency {
  section: Section;
  name: string;
  inFlight: number;
  minSamples: number;
  failure: string | undefined;
}

/** Any other figure. */
export interface FigureRow {
  section: Section;
  name: string;
  value: number;
  unit: string;
  samples: number;
  minSamples: number;
}

/** A figure DESIGN says must be reached. */
export interface Must {
  figure: string;
  bound: string;
  measured: string;
  isMet: boolean;
}

/** All of a part. */
export interface Findings {
  latencies: LatencyRow[];
  figures: FigureRow[];
  musts: Must[];
}

/** A row of what a series measured. */
export function latencyRow(
  section: Section,
  name: string,
  inFlight: number,
  series: Series,
  minSamples: number,
): LatencyRow {
  return {
    section,
    name,
    inFlight,
    minSamples,
    failure: series.failure,
    ...series.latency(),
  };
}

/** The series of a target; a missing one is a bug of the benchmark. */
export function seriesOf(
  series: ReadonlyMap<string, Series>,
  target: string,
): Series {
  const found = series.get(target);
  if (!found) throw new Error(`${target} was not measured`);
  return found;
}

/** A Must on a ratio of two figures, the second being the yardstick. */
export function ratioMust(
  figure: string,
  ours: number,
  yardstick: number,
  atMost: number,
): Must {
  const ratio = ours / yardstick;
  return {
    figure,
    bound: `≤ ${atMost}×`,
    measured: `${ratio.toFixed(2)}×`,
    isMet: ratio <= atMost,
  };
}

/** A Must on a figure itself. */
export function boundMust(
  figure: string,
  value: number,
  atMost: number,
  unit: string,
): Must {
  return {
    figure,
    bound: `≤ ${atMost} ${unit}`,
    measured: `${value.toFixed(2)} ${unit}`,
    isMet: value <= atMost,
  };
}
