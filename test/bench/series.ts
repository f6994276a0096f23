/** What was measured of one target at one number of calls in flight, over all rounds. */
import { createHistogram } from "node:perf_hooks";
import type { RecordableHistogram } from "node:perf_hooks";
import type { Measured } from "./caller/messages.ts";

/** The figures of one row. Percentiles a row has too few samples for are absent. */
export interface Latency {
  samples: number;
  p50Us: number;
  /** The lowest and the highest median of a round: how steady the machine was. */
  roundP50Us: [lowest: number, highest: number];
  p90Us: number;
  p99Us: number | undefined;
  p999Us: number | undefined;
  callsPerSecond: number;
}

const nsPerUs = 1000;
/** A percentile means something where this many samples lie beyond it. */
const samplesBeyond = 10;

/** Adds up rounds. */
export class Series {
  readonly #histogram = newHistogram();
  readonly #roundP50Us: number[] = [];
  #elapsedMs = 0;
  #coldCalls = 0;
  #failures = 0;
  #firstFailure = "";

  add(measured: Measured): void {
    const round = newHistogram();
    for (const us of measured.latenciesUs)
      round.record(Math.max(1, Math.round(us * nsPerUs)));
    this.#histogram.add(round);
    if (round.count > 0) this.#roundP50Us.push(round.percentile(50) / nsPerUs);
    this.#elapsedMs += measured.elapsedMs;
    this.#coldCalls += measured.coldCalls;
    this.#failures += measured.failures;
    this.#firstFailure ||= measured.firstFailure;
  }

  get samples(): number {
    return this.#histogram.count;
  }

  get coldCalls(): number {
    return this.#coldCalls;
  }

  /** How many calls failed and why the first did; undefined where all were answered. */
  get failure(): string | undefined {
    if (this.#failures === 0) return undefined;
    return `${this.#failures} calls failed, the first with: ${this.#firstFailure}`;
  }

  latency(): Latency {
    return {
      samples: this.samples,
      p50Us: this.#percentile(50),
      roundP50Us: [
        Math.min(...this.#roundP50Us),
        Math.max(...this.#roundP50Us),
      ],
      p90Us: this.#percentile(90),
      p99Us: this.#percentileIfKnown(99),
      p999Us: this.#percentileIfKnown(99.9),
      callsPerSecond: (this.samples / this.#elapsedMs) * 1000,
    };
  }

  #percentileIfKnown(percentile: number): number | undefined {
    const beyond = this.samples * (1 - percentile / 100);
    return Math.round(beyond) < samplesBeyond
      ? undefined
      : this.#percentile(percentile);
  }

  #percentile(percentile: number): number {
    if (this.samples === 0) return NaN; // which meets no bound
    return this.#histogram.percentile(percentile) / nsPerUs;
  }
}

function newHistogram(): RecordableHistogram {
  return createHistogram({ figures: 4 });
}
