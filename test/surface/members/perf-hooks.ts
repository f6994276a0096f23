import * as hooks from "node:perf_hooks";
import { member, nextTurn, thrown, valuesOf, type Surface } from "../check.ts";
import { performanceChecks } from "../web/performance.ts";

const shared = Object.entries(performanceChecks()).filter(([name]) =>
  /^(performance|Performance\w*)$/.test(name),
);

export const surface: Surface = {
  module: "perf_hooks",
  checks: {
    ...valuesOf(hooks, ["constants"]),
    ...Object.fromEntries(
      shared.map(([name, check]) => [
        name,
        async (origins) => [
          await check(origins),
          Reflect.get(hooks, name) === Reflect.get(globalThis, name),
        ],
      ]),
    ),
    monitorEventLoopDelay: async () => {
      const histogram = hooks.monitorEventLoopDelay({ resolution: 1 });
      const changed = histogram.enable();
      await nextTurn();
      return [changed, histogram.disable(), histogram.percentile(50) >= 0];
    },
    eventLoopUtilization: () =>
      Object.keys(member(hooks, "eventLoopUtilization")()),
    timerify: () => member(hooks, "timerify")((a: number) => a + 1)(1),
    createHistogram: () => {
      const histogram = hooks.createHistogram();
      for (const each of [1, 2, 3, 4, 100]) histogram.record(each);
      return [
        histogram.min,
        histogram.max,
        histogram.mean,
        histogram.count,
        histogram.percentile(50),
        thrown(() => histogram.record(0)),
      ];
    },
    createSlidingWindowHistogram: () => {
      const histogram = member(
        hooks,
        "createSlidingWindowHistogram",
      )({
        chunks: 2,
        recordsPerChunk: 10,
      });
      histogram.record(5);
      return [histogram.count, histogram.max];
    },
    importHistogram: () => thrown(() => member(hooks, "importHistogram")(1)),
  },
};
