/** What a control plane counts, declared in one place. Labels take their values from closed sets. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "@opentelemetry/api";

/** What can be read of the control plane at any moment; asked only when the metrics are. */
export interface ControlReadings {
  connectedHosts(): number;
  /** The last committed revision of the present history. */
  revision(): number;
}

/** What happens in a control plane, told as it happens. */
export interface ControlMetrics {
  /** A version was published: stored and, if so asked, activated. */
  published(): void;
  /** `refused` for the author's fault, `failed` for ours. */
  built(outcome: "built" | "refused" | "failed", seconds: number): void;
  /** A host did not take a version; the reason is one of the failure reasons, or "digest". */
  refusedByHost(reason: string): void;
  /** A call was answered: `service/method` as declared in the .proto files, and an error code or "ok". */
  called(method: string, code: string, seconds: number): void;
  /** Gives the metrics what they read when asked; once, when the parts are there. */
  watch(readings: ControlReadings): void;
  /** Ends the event loop's watch. */
  close(): void;
}

/** Upper bounds in seconds. */
const buildBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const callBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const loopResolutionMs = 20;

/** Declares a control plane's metrics. */
export function createMetrics(meter: Meter): ControlMetrics {
  const publishes = meter.createCounter("annex_publishes", {
    description: "Versions published",
  });
  const builds = meter.createHistogram("annex_build_duration_seconds", {
    description: "Builds of versions, by outcome",
    advice: { explicitBucketBoundaries: buildBuckets },
  });
  const refusals = meter.createCounter("annex_host_refusals", {
    description: "Versions that hosts did not take, by reason",
  });
  const calls = meter.createHistogram("annex_rpc_duration_seconds", {
    description: "Calls served, by method and code",
    advice: { explicitBucketBoundaries: callBuckets },
  });
  const closeLoopWatch = watchEventLoop(meter);
  return {
    published: () => publishes.add(1),
    built: (outcome, seconds) => builds.record(seconds, { outcome }),
    refusedByHost: (reason) => refusals.add(1, { reason }),
    called: (method, code, seconds) => calls.record(seconds, { method, code }),
    watch: (readings) => watchReadings(meter, readings),
    close: closeLoopWatch,
  };
}

function watchReadings(meter: Meter, readings: ControlReadings): void {
  meter
    .createObservableGauge("annex_connected_hosts", {
      description: "Hosts with a stream to this control plane",
    })
    .addCallback((result) => result.observe(readings.connectedHosts()));
  meter
    .createObservableGauge("annex_revision", {
      description: "The last committed revision",
    })
    .addCallback((result) => result.observe(readings.revision()));
}

/** Each answer covers the time since the one before it. */
function watchEventLoop(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  meter
    .createObservableGauge("annex_event_loop_lag_seconds", {
      description: "How late the event loop came to its work",
    })
    .addCallback((result) => {
      // The histogram holds the whole interval of its timer, lag included.
      const lag = (percentile: number) =>
        Math.max(
          0,
          delay.percentile(percentile) / 1e9 - loopResolutionMs / 1e3,
        );
      result.observe(lag(50), { quantile: "0.5" });
      result.observe(lag(99), { quantile: "0.99" });
      result.observe(lag(100), { quantile: "1" });
      delay.reset();
    });
  return () => void delay.disable();
}
