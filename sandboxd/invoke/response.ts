/** Puts what happened to a call into the wire's words. */
import { failureReasons, type CallFailure } from "../../proto/errors.ts";
import {
  SkippedReason,
  type Failure,
  type InvokeResponse,
  type Result,
  type Timings,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import {
  reasonNumberOf,
  sourceNumberOf,
} from "../../proto/rpc/failure-names.ts";

/** What an executor answered. */
export interface Answer {
  payload: Buffer;
  contentType: string;
  httpStatus: number;
  headers: [name: string, value: string][];
}

/** What every answer says besides its outcome. */
export interface AnswerFrame {
  invocationId: string;
  version: number;
  isCold: boolean;
  timings: Timings | undefined;
  /** Set where a point was asked for. */
  extension?: string | undefined;
}

/** An answer for a call that never reached an executor. */
export function notRun(invocationId: string): AnswerFrame {
  return { invocationId, version: 0, isCold: false, timings: undefined };
}

export function resultResponse(
  frame: AnswerFrame,
  answer: Answer,
): InvokeResponse {
  const value: Result = {
    payload: answer.payload,
    contentType: answer.contentType,
    httpStatus: answer.httpStatus,
    headers: answer.headers.map(([name, text]) => ({ name, value: text })),
  };
  return response(frame, { $case: "result", value });
}

/** The stack stays behind unless the caller may manage the container. */
export function failureResponse(
  frame: AnswerFrame,
  failure: CallFailure,
  mayManage: boolean,
): InvokeResponse {
  const row = failureReasons[failure.reason];
  const value: Failure = {
    source: sourceNumberOf(row.source),
    reason: reasonNumberOf(failure.reason),
    message: failure.message,
    retryable: row.retryable,
    limit: failure.limit && {
      name: failure.limit.name,
      value: BigInt(failure.limit.value),
      observed: BigInt(failure.limit.observed),
    },
    stack: mayManage ? (failure.stack ?? "") : "",
    httpStatus: failure.httpStatus ?? 0,
    errorName: failure.errorName ?? "",
  };
  return response(frame, { $case: "failure", value });
}

export function skippedResponse(
  invocationId: string,
  reason: "nothing_bound" | "disabled",
): InvokeResponse {
  const isDisabled = reason === "disabled";
  const value = {
    reason: isDisabled ? SkippedReason.DISABLED : SkippedReason.NOTHING_BOUND,
  };
  return response(notRun(invocationId), { $case: "skipped", value });
}

function response(
  { invocationId, version, isCold, timings, extension }: AnswerFrame,
  outcome: NonNullable<InvokeResponse["outcome"]>,
): InvokeResponse {
  return {
    invocationId,
    outcome,
    version,
    cold: isCold,
    timings,
    steps: extension === undefined ? [] : [{ extension, version, timings }],
  };
}
