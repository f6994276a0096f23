/** What is written down of an invocation after its answer has left: its spans and its counts. */
import type { Tracer } from "@opentelemetry/api";
import type { FailureReason } from "../../proto/errors.ts";
import type { InvocationOutcome } from "./conclude.ts";
import type { OutwardCounts, Run } from "./run.ts";
import { parentOf, recordInvocation, type InvocationRecord } from "./trace.ts";

/** What is counted of an invocation. */
export interface InvocationMetrics {
  invoked(
    outcome: InvocationOutcome["outcome"],
    reason: FailureReason | undefined,
    seconds: number,
  ): void;
  coldStarted(): void;
  /** Requests outward, as they ended. */
  egress(counts: OutwardCounts): void;
}

export function createRecorder(
  tracer: Tracer,
  metrics: InvocationMetrics,
): (outcome: InvocationOutcome) => void {
  return (invocation) => {
    const { outcome, failure, startedAt, endedAt, run } = invocation;
    metrics.invoked(outcome, failure?.reason, (endedAt - startedAt) / 1000);
    if (run?.isCold) metrics.coldStarted();
    if (run) metrics.egress(run.egressCounts);
    recordInvocation(tracer, recordOf(invocation));
  };
}

function recordOf(invocation: InvocationOutcome): InvocationRecord {
  const { request, serving, startedAt, endedAt, run, outcome, failure } =
    invocation;
  const target = request.target;
  return {
    parent: parentOf(request.traceparent, request.tracestate),
    container: request.container,
    ...(serving && {
      extension: serving.extension,
      version: serving.version.number,
    }),
    ...(!serving &&
      target?.$case === "extension" && { extension: target.value }),
    ...(target?.$case === "point" && { point: target.value }),
    invocationId: invocation.invocationId,
    ...(request.caller !== "" && { caller: request.caller }),
    outcome,
    ...(failure && { reason: failure.reason }),
    cold: run?.isCold ?? false,
    startMs: performance.timeOrigin + startedAt,
    endUs: us(endedAt - startedAt),
    ...(run && phasesOf(run, invocation)),
  };
}

function phasesOf(
  run: Run,
  { startedAt, queuedMs }: Pick<InvocationOutcome, "startedAt" | "queuedMs">,
) {
  const acquiredUs = us(run.acquiredAt - startedAt);
  const loadedUs = us(run.loadedAt - startedAt);
  const { logs } = run.outcome;
  return {
    queue: {
      startUs: us(run.admittedAt - startedAt - queuedMs),
      endUs: acquiredUs,
    },
    acquire: { startUs: acquiredUs, endUs: loadedUs },
    compile: {
      startUs: Math.max(0, loadedUs - run.compileUs),
      endUs: loadedUs,
      hit: !run.isCold,
    },
    ...(!run.isUnloadable && {
      run: { startUs: loadedUs, endUs: us(run.endedAt - startedAt) },
      ...(logs && { logs: logs.lines, droppedLogs: logs.dropped }),
      egress: run.egress.map((egress) => ({
        ...egress,
        startUs: us(egress.startedAt - startedAt),
        endUs: us(egress.endedAt - startedAt),
      })),
    }),
  };
}

function us(ms: number): number {
  return Math.round(ms * 1000);
}
