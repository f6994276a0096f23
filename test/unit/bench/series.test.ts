import { expect, test } from "vitest";
import { latencyRow } from "../../bench/findings.ts";
import { shortcomingsOf } from "../../bench/report.ts";
import { Series } from "../../bench/series.ts";

test("a percentile with fewer than ten samples beyond it is left out", () => {
  const { p90Us, p99Us, p999Us } = series(1000).latency();
  expect(p90Us).toBeCloseTo(900, 0);
  expect(p99Us).toBeCloseTo(990, 0);
  expect(p999Us).toBeUndefined();
  expect(series(10_000).latency().p999Us).toBeCloseTo(9990, -1);
});

test("rounds add up, and their medians tell how steady they were", () => {
  const both = series(100);
  both.add(round([1000, 1000, 1000]));
  const latency = both.latency();
  expect(latency.samples).toBe(103);
  expect(latency.roundP50Us[0]).toBeCloseTo(50, 0);
  expect(latency.roundP50Us[1]).toBeCloseTo(1000, 0);
  expect(latency.callsPerSecond).toBeCloseTo(103 / 0.2, 5);
});

test("a row with too few samples, or with a failed call, is not to be relied on", () => {
  const failing = series(2000);
  failing.add({ ...round([]), failures: 2, firstFailure: "Error: gone" });
  const latencies = [
    latencyRow("hop", "enough", 1, series(1000), 1000),
    latencyRow("hop", "few", 1, series(999), 1000),
    latencyRow("hop", "failing", 1, failing, 1000),
  ];
  expect(shortcomingsOf({ latencies, figures: [], musts: [] })).toEqual([
    "hop: few: 999 samples, needs 1000",
    "hop: failing: 2 calls failed, the first with: Error: gone",
  ]);
});

/** One round of 1, 2, 3, … µs. */
function series(samples: number): Series {
  const made = new Series();
  made.add(round(Array.from({ length: samples }, (_, index) => index + 1)));
  return made;
}

function round(latenciesUs: number[]) {
  return {
    latenciesUs: Float64Array.from(latenciesUs),
    elapsedMs: 100,
    coldCalls: 0,
    failures: 0,
    firstFailure: "",
  };
}
