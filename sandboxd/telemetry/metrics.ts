/**
 * What a host counts, declared in one place. Labels take their values from closed sets, so that no container, extension
 * or caller can grow them.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Meter } from "@opentelemetry/api";
import type { FailureReason } from "../../proto/errors.ts";

/** What can be read of the host at any moment; asked only when the metrics are. */
export interface HostReadings {
  /** Executors by state; the states are a closed set. */
  executors(): Record<string, number>;
  callsWaiting(): number;
  heldPayloadBytes(): number;
  isSyncConnected(): boolean;
  /** Since the control plane's last word. */
  syncStalenessSeconds(): number;
  isCatalogDegraded(): boolean;
  /** Names of closed sets. */
  walls: string;
  limits: string;
}

/** What happens on a host, told as it happens. One call costs about half a microsecond. */
export interface HostMetrics {
  invoked(
    outcome: "result" | "failure" | "skipped" | "error",
    reason: FailureReason | undefined,
    seconds: number,
  ): void;
  coldStarted(): void;
  /** Requests outward are over. Their outcomes are a closed set. */
  egress(
    counts: Record<
      string,
      { requests: number; sentBytes: number; receivedBytes: number }
    >,
  ): void;
  /** The reasons are a closed set of the supervisor's. */
  executorKilled(reason: string): void;
  spansDropped(count: number): void;
  /** Gives the metrics what they read when asked; once, when the parts are there. */
  watch(readings: HostReadings): void;
  /** Ends the event loop's watch. */
  close(): void;
}

/** Upper bounds in seconds: the hop is sub-millisecond, a guest may take its whole wall time. */
const durationBuckets = [
  0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.002, 0.005, 0.01, 0.025,
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
const loopResolutionMs = 20;

/** Declares a host's metrics. */
export function createMetrics(meter: Meter): HostMetrics {
  const invocations = meter.createCounter("annex_invocations", {
    description: "Invocations by outcome and reason",
  });
  const durations = meter.createHistogram("annex_invocation_duration_seconds", {
    description: "From admission until the answer left",
    advice: { explicitBucketBoundaries: durationBuckets },
  });
  const coldStarts = meter.createCounter("annex_cold_starts", {
    description: "Invocations that waited for their version to be loaded",
  });
  const egress = meter.createCounter("annex_egress_requests", {
    description: "Requests outward by outcome",
  });
  const egressBytes = meter.createCounter("annex_egress_bytes", {
    description: "Bodies of requests outward, sent and received, decompressed",
  });
  const kills = meter.createCounter("annex_executor_kills", {
    description: "Executors killed, by reason",
  });
  const drops = meter.createCounter("annex_telemetry_spans_dropped", {
    description: "Sampled spans that were never exported",
  });
  const closeLoopWatch = watchEventLoop(meter);
  return {
    invoked(outcome, reason, seconds) {
      invocations.add(1, { outcome, reason: reason ?? "" });
      durations.record(seconds, { outcome });
    },
    coldStarted: () => coldStarts.add(1),
    egress(counts) {
      for (const [outcome, count] of Object.entries(counts)) {
        egress.add(count.requests, { outcome });
        egressBytes.add(count.sentBytes, { direction: "sent" });
        egressBytes.add(count.receivedBytes, { direction: "received" });
      }
    },
    executorKilled: (reason) => kills.add(1, { reason }),
    spansDropped: (count) => drops.add(count),
    watch: (readings) => watchReadings(meter, readings),
    close: closeLoopWatch,
  };
}

function watchReadings(meter: Meter, readings: HostReadings): void {
  meter
    .createObservableGauge("annex_executors", {
      description: "Executor processes by state",
    })
    .addCallback((gauge) => {
      for (const [state, count] of Object.entries(readings.executors()))
        gauge.observe(count, { state });
    });
  const gauge = (name: string, description: string, read: () => number) =>
    meter
      .createObservableGauge(name, { description })
      .addCallback((result) => result.observe(read()));
  const named = (name: string, description: string, labels: object) =>
    meter
      .createObservableGauge(name, { description })
      .addCallback((result) => result.observe(1, { ...labels }));
  const { walls, limits } = readings;
  named("annex_walls", "What walls executors: none is no wall", { walls });
  named("annex_limits", "What bounds executors", { limits });
  gauge("annex_calls_waiting", "Calls that wait for their turn", () =>
    readings.callsWaiting(),
  );
  gauge("annex_held_payload_bytes", "Payloads of calls that wait or run", () =>
    readings.heldPayloadBytes(),
  );
  gauge("annex_sync_connected", "1 with a stream to the control plane", () =>
    Number(readings.isSyncConnected()),
  );
  gauge("annex_sync_staleness_seconds", "Since the last word from above", () =>
    readings.syncStalenessSeconds(),
  );
  gauge("annex_catalog_degraded", "1 while a publish is not taken over", () =>
    Number(readings.isCatalogDegraded()),
  );
}

/** Each answer covers the time since the one before it. */
function watchEventLoop(meter: Meter): () => void {
  const delay = monitorEventLoopDelay({ resolution: loopResolutionMs });
  delay.enable();
  meter
    .createObservableGauge("annex_event_loop_lag_seconds", {
      description: "How late the supervisor's event loop came to its work",
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
