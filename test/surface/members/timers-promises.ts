import timers from "node:timers/promises";
import { rejected, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "timers/promises",
  checks: {
    setTimeout: async () => [
      await timers.setTimeout(1, "value"),
      await rejected(
        timers.setTimeout(1, "value", { signal: AbortSignal.abort() }),
      ),
      await rejected(timers.setTimeout(1, "value", { ref: 1 as never })),
    ],
    setImmediate: async () => [
      await timers.setImmediate("value"),
      await rejected(
        timers.setImmediate("value", { signal: AbortSignal.abort() }),
      ),
    ],
    setInterval: async () => {
      const seen: string[] = [];
      for await (const value of timers.setInterval(1, "tick")) {
        seen.push(value);
        if (seen.length === 3) break;
      }
      return seen;
    },
    scheduler: async () => [
      await timers.scheduler.wait(1),
      await timers.scheduler.yield(),
    ],
  },
};
