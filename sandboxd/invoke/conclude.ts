/** The end of an invocation: its answer, and word of it to whoever remembers, once the answer has left. */
import { AnnexError, type CallFailure } from "../../proto/errors.ts";
import type {
  InvokeRequest,
  InvokeResponse,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import type { CallLimits } from "./limits.ts";
import type { Resolution } from "./resolve.ts";
import {
  failureResponse,
  notRun,
  resultResponse,
  skippedResponse,
} from "./response.ts";
import type { Run } from "./run.ts";
import type { ServedExtension } from "./versions.ts";

/** An invocation on its way. */
export interface Invocation {
  readonly request: InvokeRequest;
  readonly mayManage: boolean;
  readonly id: string;
  /** In milliseconds of performance.now(). */
  readonly startedAt: number;
  /** How long it waited for its turn. */
  queuedMs: number;
  /** What it may use, once that is looked up. */
  limits: CallLimits | undefined;
  /** What came of it in an executor, however it then ends. */
  run: Run | undefined;
  /** What ran. */
  serving: ServedExtension | undefined;
}

/** An invocation that is over. */
export interface InvocationOutcome extends Pick<
  Invocation,
  "request" | "startedAt" | "queuedMs" | "run" | "serving"
> {
  invocationId: string;
  endedAt: number;
  outcome: "result" | "failure" | "skipped" | "error";
  failure: CallFailure | undefined;
}

/** The ways an invocation may end; each is told to `record` after the answer has left. */
export function createEndings(record: (outcome: InvocationOutcome) => void) {
  /** With what its run came to; throws where its caller has given it up. */
  function ran(invocation: Invocation, run: Run): InvokeResponse {
    const { outcome } = run;
    if (outcome.kind === "cancelled") throw cancelled();
    const { request, serving, mayManage } = invocation;
    const frame = {
      invocationId: invocation.id,
      version: serving?.version.number ?? 0,
      isCold: run.isCold,
      timings: timingsOf(run, invocation.queuedMs),
      extension:
        request.target?.$case === "point" ? serving?.extension : undefined,
    };
    if (outcome.kind === "answered") {
      conclude(invocation, "result");
      return resultResponse(frame, outcome);
    }
    const failure = withWholeTime(outcome.failure, invocation);
    conclude(invocation, "failure", failure);
    return failureResponse(frame, failure, mayManage);
  }

  function notServed(
    invocation: Invocation,
    found: Exclude<Resolution, ServedExtension>,
  ): InvokeResponse {
    if ("reason" in found) return failed(invocation, found);
    conclude(invocation, "skipped");
    return skippedResponse(invocation.id, found.skipped);
  }

  /** Without a run that could say so itself. */
  function failed(
    invocation: Invocation,
    failure: CallFailure,
  ): InvokeResponse {
    conclude(invocation, "failure", failure);
    const { id, mayManage } = invocation;
    return failureResponse(notRun(id), failure, mayManage);
  }

  /** Its time was over before its turn came. */
  function expired(invocation: Invocation, limits: CallLimits): InvokeResponse {
    return failed(invocation, timeFailure(invocation, limits));
  }

  /** With an error, which its caller is told instead of an answer. */
  function broken(invocation: Invocation): void {
    conclude(invocation, "error");
  }

  function conclude(
    { id, request, startedAt, queuedMs, run, serving }: Invocation,
    outcome: InvocationOutcome["outcome"],
    failure?: CallFailure,
  ): void {
    const endedAt = performance.now();
    setImmediate(() =>
      record({
        request,
        invocationId: id,
        serving,
        startedAt,
        queuedMs,
        endedAt,
        run,
        outcome,
        failure,
      }),
    );
  }

  return { ran, notServed, failed, expired, broken };
}

/** What a caller reads that gave its call up. */
export function cancelled(): AnnexError {
  return new AnnexError("cancelled", "the caller gave the call up");
}

/** The supervisor knows what the wait had left of the call's time; its caller wants to hear of all of it. */
function withWholeTime(
  failure: CallFailure,
  invocation: Invocation,
): CallFailure {
  const { limits } = invocation;
  if (!limits || failure.reason !== limits.wallClock) return failure;
  return { ...failure, ...timeFailure(invocation, limits) };
}

function timeFailure(
  { startedAt, queuedMs }: Invocation,
  { wallMs, wallClock }: CallLimits,
): CallFailure {
  const waitedMs = Math.round(queuedMs);
  const wait =
    waitedMs > 0
      ? `: the call waited ${waitedMs} ms for others of its container to end`
      : "";
  return {
    reason: wallClock,
    message: `no answer within ${wallMs} ms${wait}`,
    limit: {
      name: wallClock === "deadline" ? "timeout_ms" : "wall_ms",
      value: wallMs,
      observed: Math.round(performance.now() - startedAt),
    },
  };
}

function timingsOf(
  run: Run,
  queuedMs: number,
): {
  queueUs: number;
  startUs: number;
  runUs: number;
} {
  return {
    queueUs: microseconds(queuedMs + run.acquiredAt - run.admittedAt),
    startUs: microseconds(run.loadedAt - run.acquiredAt),
    runUs: run.runUs,
  };
}

function microseconds(ms: number): number {
  return Math.max(0, Math.round(ms * 1000));
}
