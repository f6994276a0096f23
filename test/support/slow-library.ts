/** Entries of an isolate whose library is slow, in a process of its own; how each ended is told as JSON. */
import { GuestIsolate } from "../../sandboxd/executor/isolate.ts";

/** In the place of the runtime: `configure` loads a script so many times. */
const runtime = `(function (limits, load) {
  const none = () => {};
  return {
    load: none, invoke: none, resume: none, egress: none, close: none, runTicks: none, reject: none, drain: () => "",
    configure(name, times) { for (let at = 0; at < times; at++) load(name); },
  };
})`;
const scriptMs = 300;
const entryMs = 150;

const entered = [1, 1, 10].map((times) => {
  const isolate = new GuestIsolate({
    runtime: { text: runtime },
    library: {
      script() {
        const endMs = performance.now() + scriptMs;
        while (performance.now() < endMs);
        return { text: "1" };
      },
    },
    heapLimitMb: 64,
    limits: {
      maxResultBytes: 0,
      maxLogBytes: 0,
      maxOpenHostCalls: 0,
      maxHostCalls: 0,
      maxOpenEgress: 0,
    },
  });
  return isolate.enter("configure", ["slow", times], entryMs).kind;
});
process.stdout.write(JSON.stringify(entered));
