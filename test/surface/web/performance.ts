/** Checks of performance and its classes: what is measured, not how long it took. */
import { instance, member, thrown, type Check } from "../check.ts";

/** Calls a method on what is no performance. */
function onNothing(name: string, ...args: unknown[]): unknown {
  return Reflect.apply(Reflect.get(performance, name), {}, args);
}

export function performanceChecks(): Record<string, Check> {
  const named = () => `surface-${performance.now()}`;
  const shape = (entry: PerformanceEntry | undefined) => [
    entry?.entryType,
    entry?.name.startsWith("surface"),
    Number(entry?.startTime) >= 0,
    Number(entry?.duration) >= 0,
  ];
  return {
    performance: () => performance.now() >= 0,
    Performance: () => [
      performance instanceof Performance,
      thrown(() => instance(globalThis, "Performance")),
    ],
    PerformanceEntry: () => [
      performance.mark(named()) instanceof PerformanceEntry,
      thrown(() => instance(globalThis, "PerformanceEntry")),
    ],
    PerformanceMark: () => {
      const made = instance(globalThis, "PerformanceMark", "surface", {
        startTime: 5,
        detail: { a: 1 },
      });
      return [made.name, made.startTime, made.detail, made.duration];
    },
    PerformanceMeasure: () =>
      performance.measure(named()) instanceof PerformanceMeasure,
    PerformanceObserver: async () => {
      const seen = await new Promise((resolve) => {
        const observer = new PerformanceObserver((list) => {
          observer.disconnect();
          resolve(list.getEntries().map(shape));
        });
        observer.observe({ entryTypes: ["mark"] });
        performance.mark("surface-observed");
      });
      return [seen, PerformanceObserver.supportedEntryTypes.includes("mark")];
    },
    PerformanceObserverEntryList: async () =>
      new Promise((resolve) => {
        const observer = new PerformanceObserver((list) => {
          observer.disconnect();
          resolve([
            list instanceof PerformanceObserverEntryList,
            list.getEntriesByName("surface-list").length,
            list.getEntriesByType("mark").length,
          ]);
        });
        observer.observe({ type: "mark" });
        performance.mark("surface-list");
      }),
    PerformanceResourceTiming: () =>
      thrown(() => instance(globalThis, "PerformanceResourceTiming")),
    "Performance#now": () => {
      const first = performance.now();
      return [first >= 0, performance.now() >= first];
    },
    "Performance#timeOrigin": () =>
      Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 5000,
    "Performance#mark": () => {
      const name = named();
      const mark = performance.mark(name, { startTime: 3, detail: [1] });
      return [
        mark.startTime,
        mark.detail,
        shape(mark),
        thrown(() => member(performance, "mark")()),
      ];
    },
    "Performance#measure": () => {
      performance.mark("surface-a", { startTime: 1 });
      performance.mark("surface-b", { startTime: 4 });
      const made = performance.measure("surface-m", "surface-a", "surface-b");
      return [
        made.duration,
        made.startTime,
        thrown(() => performance.measure("surface-m", "surface-none")),
      ];
    },
    "Performance#getEntries": () => {
      performance.mark("surface-all");
      return performance
        .getEntries()
        .some(({ name }) => name === "surface-all");
    },
    "Performance#getEntriesByName": () => {
      const name = named();
      performance.mark(name);
      return [
        performance.getEntriesByName(name).length,
        performance.getEntriesByName(name, "measure").length,
      ];
    },
    "Performance#getEntriesByType": () => {
      performance.mark("surface-typed");
      return performance.getEntriesByType("mark").length > 0;
    },
    "Performance#clearMarks": () => {
      performance.mark("surface-cleared");
      performance.clearMarks("surface-cleared");
      return performance.getEntriesByName("surface-cleared").length;
    },
    "Performance#clearMeasures": () => {
      performance.measure("surface-cleared");
      performance.clearMeasures("surface-cleared");
      return performance.getEntriesByName("surface-cleared").length;
    },
    "Performance#clearResourceTimings": () => {
      performance.clearResourceTimings();
      return [
        performance.getEntriesByType("resource"),
        thrown(() => onNothing("clearResourceTimings")),
      ];
    },
    "Performance#setResourceTimingBufferSize": () => [
      performance.setResourceTimingBufferSize(10),
      thrown(() => onNothing("setResourceTimingBufferSize", 10)),
    ],
    "Performance#toJSON": () =>
      Object.keys(Object(performance.toJSON())).includes("timeOrigin"),
    "Performance#eventLoopUtilization": () =>
      Object.keys(performance.eventLoopUtilization()),
    "Performance#nodeTiming": () => [
      performance.nodeTiming.name,
      performance.nodeTiming.entryType,
    ],
    "Performance#timerify": () => {
      const timed = performance.timerify((a: number, b: number) => a + b);
      return [timed(1, 2), timed.length, timed.name];
    },
    "Performance#markResourceTiming": () =>
      thrown(() => member(performance, "markResourceTiming")()),
    "Performance#onresourcetimingbufferfull": () =>
      Reflect.get(performance, "onresourcetimingbufferfull"),
  };
}
