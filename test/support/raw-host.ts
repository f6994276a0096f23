/**
 * An isolate whose guest holds the function that leads out of it, in a process of its own: run by `startRawHost`, which
 * sends programs and is told what came of each.
 */
import { memoryUsage } from "node:process";
import { GuestIsolate } from "../../sandboxd/executor/isolate.ts";

/** In the place of the runtime: `host` is what the runtime would keep to itself. */
const runtime = `(function (limits, load, host) {
  let said = "";
  return {
    load() {}, invoke() {}, resume() {}, egress() {}, close() {},
    configure(program) {
      said = "";
      said = String(new Function("host", "load", program)(host, load));
    },
    drain: () => said,
  };
})`;

const isolate = new GuestIsolate({
  runtime: { text: runtime },
  library: { script: () => undefined },
  heapLimitMb: 128,
  limits: {
    maxResultBytes: 0,
    maxLogBytes: 0,
    maxOpenHostCalls: 0,
    maxHostCalls: 0,
    maxOpenEgress: 0,
  },
});

process.on("message", (program: string) => {
  const startedUs = process.cpuUsage();
  const entered = isolate.enter("configure", [program, ""], 60_000);
  const { user, system } = process.cpuUsage(startedUs);
  process.send?.({
    said: isolate.drain() ?? "",
    entered: entered.kind,
    cpuMs: (user + system) / 1000,
    residentMb: memoryUsage.rss() / 1024 / 1024,
  });
});
process.send?.("ready");
