/** Turns the wire's response into what a caller reads. */
import {
  AnnexError,
  type FailureReason,
  type FailureSource,
  type LimitHit,
} from "../../proto/errors.ts";
import {
  SkippedReason,
  type Failure,
  type InvokeResponse,
  type Result,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import { reasonNameOf, sourceNameOf } from "../../proto/rpc/failure-names.ts";

export type Outcome = ResultOutcome | FailureOutcome | SkippedOutcome;

interface CommonOutcome {
  /** Names the invocation in logs and traces; empty where none began. */
  invocationId: string;
  /** The number of the version that ran; 0 where none did. */
  version: number;
  /** The call had to wait for its version to be loaded. */
  cold: boolean;
  /** Microseconds: waiting for an executor, loading, running. */
  timings: { queueUs: number; startUs: number; runUs: number };
}

/** The code answered. */
export interface ResultOutcome extends CommonOutcome {
  kind: "result";
  /** Parsed where the answer is JSON, else its bytes. */
  payload: unknown;
  bytes: Buffer;
  contentType: string;
  httpStatus: number;
  headers: { name: string; value: string }[];
}

/** The code is absent, threw, or hit a limit. */
export interface FailureOutcome extends CommonOutcome {
  kind: "failure";
  source: FailureSource;
  reason: FailureReason;
  message: string;
  /** The same call may succeed when sent again. */
  retryable: boolean;
  limit?: LimitHit;
  stack?: string;
}

/** Nothing is bound at the point, or what is bound is disabled. */
export interface SkippedOutcome extends CommonOutcome {
  kind: "skipped";
  reason: "nothing_bound" | "disabled";
}

export function outcomeOf(response: InvokeResponse): Outcome {
  const { invocationId, version, cold, timings, outcome } = response;
  const common = {
    invocationId,
    version,
    cold,
    timings: timings ?? { queueUs: 0, startUs: 0, runUs: 0 },
  };
  switch (outcome?.$case) {
    case "result":
      return { kind: "result", ...common, ...resultOf(outcome.value) };
    case "failure":
      return { kind: "failure", ...common, ...failureOf(outcome.value) };
    case "skipped": {
      const isDisabled = outcome.value.reason === SkippedReason.DISABLED;
      return {
        kind: "skipped",
        ...common,
        reason: isDisabled ? "disabled" : "nothing_bound",
      };
    }
    case undefined:
      throw new AnnexError(
        "internal",
        "the host answered without an outcome this client knows",
      );
  }
}

/** The outcome of a call that was given up because its time was over. */
export function timedOut(timeoutMs: number): FailureOutcome {
  return {
    kind: "failure",
    invocationId: "",
    version: 0,
    cold: false,
    timings: { queueUs: 0, startUs: 0, runUs: 0 },
    source: "limit",
    reason: "deadline",
    message: `no answer came within ${timeoutMs} ms`,
    retryable: true,
    limit: { name: "timeout_ms", value: timeoutMs, observed: timeoutMs },
  };
}

function resultOf({ payload, contentType, httpStatus, headers }: Result) {
  return {
    payload: parsed(payload, contentType),
    bytes: payload,
    contentType,
    httpStatus,
    headers,
  };
}

function parsed(bytes: Buffer, contentType: string): unknown {
  if (!contentType.startsWith("application/json") || bytes.length === 0)
    return bytes;
  try {
    return JSON.parse(bytes.toString("utf8")) as unknown;
  } catch {
    return bytes; // the code sets its content type itself, and may be wrong
  }
}

function failureOf(failure: Failure) {
  const { message, retryable, limit, stack } = failure;
  return {
    // A newer host may know more reasons than this client.
    source: sourceNameOf(failure.source) ?? "platform",
    reason: reasonNameOf(failure.reason) ?? "executor_lost",
    message,
    retryable,
    ...(limit && {
      limit: {
        name: limit.name,
        value: Number(limit.value),
        observed: Number(limit.observed),
      },
    }),
    ...(stack !== "" && { stack }),
  };
}
