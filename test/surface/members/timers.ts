import timers from "node:timers";
import { member, thrown, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "timers",
  checks: {
    setTimeout: async () => {
      const seen: unknown[] = [];
      await new Promise<void>((resolve) => {
        const last = (...args: unknown[]) => {
          seen.push(args);
          resolve();
        };
        // So far apart that no stall between the two lines has them change places, as it would in Node.
        timers.setTimeout(last, 300, 1, 2);
        timers.setTimeout(() => seen.push("first"), 1);
      });
      const timer = timers.setTimeout(() => seen.push("never"), 1);
      const shape = [
        timer.hasRef(),
        timer.unref().hasRef(),
        timer.ref().hasRef(),
        timer.refresh() === timer,
        Number.isInteger(timer[Symbol.toPrimitive]()),
      ];
      timer.close();
      return [seen, shape, thrown(() => member(timers, "setTimeout")("text"))];
    },
    clearTimeout: async () => {
      let count = 0;
      const timer = timers.setTimeout(() => (count += 1), 1);
      const other = timers.setTimeout(() => (count += 1), 1);
      timers.clearTimeout(timer);
      timers.clearTimeout(Number(other));
      timers.clearTimeout(undefined);
      await new Promise((resolve) => {
        timers.setTimeout(resolve, 15);
      });
      return count;
    },
    setImmediate: async () => {
      const seen: string[] = [];
      await new Promise<void>((resolve) => {
        timers.setImmediate((name: string) => {
          seen.push(name);
          resolve();
        }, "immediate");
        process.nextTick(() => seen.push("tick"));
        queueMicrotask(() => seen.push("microtask"));
      });
      const kept = timers.setImmediate(() => undefined);
      return [
        seen,
        kept.hasRef(),
        thrown(() => member(timers, "setImmediate")(1)),
      ];
    },
    clearImmediate: async () => {
      let count = 0;
      timers.clearImmediate(timers.setImmediate(() => (count += 1)));
      await new Promise((resolve) => {
        timers.setImmediate(resolve);
      });
      return count;
    },
    setInterval: async () => {
      let count = 0;
      await new Promise<void>((resolve) => {
        const timer = timers.setInterval(
          (step: number) => {
            count += step;
            if (count < 6) return;
            timers.clearInterval(timer);
            resolve();
          },
          1,
          2,
        );
      });
      return count;
    },
    clearInterval: async () => {
      let count = 0;
      timers.clearInterval(timers.setInterval(() => (count += 1), 1));
      await new Promise((resolve) => {
        timers.setTimeout(resolve, 15);
      });
      return count;
    },
    promises: async () => timers.promises.setTimeout(1, "value"),
  },
};
