/** What goes back over HTTP for everything that can come of a call: status, headers and body as webtask's callers know them. */
import {
  AnnexError,
  failureReasons,
  type CallFailure,
  type FailureReason,
  type FailureSource,
} from "../../proto/errors.ts";
import type {
  Failure,
  InvokeResponse,
  Result,
} from "../../proto/gen/annex/invoke/v1/invoke.ts";
import { reasonNameOf } from "../../proto/rpc/failure-names.ts";
import { connectStatusOf } from "../../proto/rpc/status.ts";
import { fromGuest } from "./headers.ts";

export interface HttpAnswer {
  status: number;
  headers: [name: string, value: string][];
  body: Uint8Array;
  /** Absent where there was no invocation. */
  invocationId?: string;
}

/** Which part of the system an answer comes from: code that ran, its compilation, or what lies before it. */
type ResponseSource = "webtask" | "compiler" | "proxy";

const retryAfterS = 1;

export function textAnswer(status: number, text: string): HttpAnswer {
  return {
    status,
    headers: [["content-type", "text/plain; charset=utf-8"]],
    body: Buffer.from(`${text}\n`),
  };
}

/** The answer to a call that was handled. */
export function responseAnswer(
  response: InvokeResponse,
  maxHeaderBytes: number,
): HttpAnswer {
  return {
    ...outcomeAnswer(response, maxHeaderBytes),
    invocationId: response.invocationId,
  };
}

/** The answer to a call that could not be handled. */
export function errorAnswer(thrown: unknown): HttpAnswer {
  const { code, message } = AnnexError.from(thrown);
  const status = connectStatusOf(code).http;
  const isRetryable = code === "unavailable" || code === "exhausted";
  const body = { code: status, error: code, message, retryable: isRetryable };
  const answer = jsonAnswer(status, "proxy", body);
  if (isRetryable) answer.headers.push(retryAfter());
  if (code === "unauthenticated")
    answer.headers.push(["www-authenticate", 'Bearer realm="annex"']);
  return answer;
}

/** The answer to a call that failed before or while its code ran. */
export function failureAnswer(
  failure: CallFailure,
  hasRun: boolean,
): HttpAnswer {
  const row = failureReasons[failure.reason];
  const status = statusOf(failure);
  const answer = jsonAnswer(status, responseSourceOf(failure.reason, hasRun), {
    code: status,
    ...webtaskFieldsOf(failure),
    stack: failure.stack,
    reason: failure.reason,
    retryable: row.retryable,
    limit: failure.limit,
  });
  if (row.retryable && (status === 429 || status === 503))
    answer.headers.push(retryAfter());
  return answer;
}

function outcomeAnswer(
  { outcome, timings }: InvokeResponse,
  maxHeaderBytes: number,
): HttpAnswer {
  if (outcome?.$case === "result")
    return resultAnswer(outcome.value, maxHeaderBytes);
  if (outcome?.$case === "failure")
    return wireFailureAnswer(outcome.value, (timings?.runUs ?? 0) > 0);
  // Only a point can be skipped.
  throw new Error("an extension's call had no outcome");
}

function resultAnswer(result: Result, maxHeaderBytes: number): HttpAnswer {
  const status = result.httpStatus === 0 ? 200 : result.httpStatus;
  if (!isFinalStatus(status))
    return failureAnswer(
      {
        reason: "invalid_result",
        message: `the code answered with status ${status}; a status is 200 to 599`,
      },
      true,
    );
  const headers = fromGuest(
    result.contentType === ""
      ? result.headers
      : [
          { name: "content-type", value: result.contentType },
          ...result.headers.filter(
            ({ name }) => name.toLowerCase() !== "content-type",
          ),
        ],
  );
  const observed = headers.join("").length;
  if (observed > maxHeaderBytes)
    return failureAnswer(
      {
        reason: "result_size",
        message: `the code's headers have ${observed} bytes; at most ${maxHeaderBytes} are sent`,
        limit: { name: "answer_header_bytes", value: maxHeaderBytes, observed },
      },
      true,
    );
  headers.push(["x-wt-response-source", "webtask"]);
  return { status, headers, body: result.payload };
}

function wireFailureAnswer(failure: Failure, hasRun: boolean): HttpAnswer {
  const reason = reasonNameOf(failure.reason);
  if (!reason) throw new Error("a failure had no reason");
  return failureAnswer(
    {
      reason,
      message: failure.message,
      errorName: failure.errorName,
      // Whether the caller may see it is decided where the failure was made.
      ...(failure.stack !== "" && { stack: failure.stack }),
      ...(isFinalStatus(failure.httpStatus) && {
        httpStatus: failure.httpStatus,
      }),
      ...(failure.limit && {
        limit: {
          name: failure.limit.name,
          value: Number(failure.limit.value),
          observed: Number(failure.limit.observed),
        },
      }),
    },
    hasRun,
  );
}

/** The fields webtask's answer had in that case. */
function webtaskFieldsOf(failure: CallFailure): Record<string, string> {
  const { message, errorName: name = "" } = failure;
  const { source } = failureReasons[failure.reason];
  if (source === "compiler")
    return { message: `Compilation failed: ${message}`, error: message };
  if (source !== "extension") return { error: message, message };
  const error = phraseOf(failure.reason);
  // What was thrown need not be an Error and then has no name.
  return name === ""
    ? { error, details: message, message }
    : { error, details: `${name}: ${message}`, name, message };
}

function phraseOf(reason: FailureReason): string {
  if (reason === "threw")
    return "Script generated an unhandled synchronous exception.";
  if (reason === "rejected")
    return "Script generated an unhandled asynchronous exception.";
  if (reason === "invalid_result") return "Script returned an invalid result.";
  return "Script returned an error.";
}

/** webtask let an error's `statusCode` speak where the code had handed the error over, not where it had broken down. */
function statusOf({ reason, httpStatus }: CallFailure): number {
  const isHandedOver = reason === "callback_error" || reason === "rejected";
  return isHandedOver && httpStatus !== undefined
    ? httpStatus
    : failureReasons[reason].httpStatus;
}

function responseSourceOf(
  reason: FailureReason,
  hasRun: boolean,
): ResponseSource {
  if (reasonsBeforeCode.has(reason)) return "proxy";
  if (reason === "deadline" && !hasRun) return "proxy";
  return responseSources[failureReasons[reason].source];
}

const reasonsBeforeCode: ReadonlySet<FailureReason> = new Set<FailureReason>([
  "rate",
  "concurrency",
  "payload_size",
  "input_schema",
]);

const responseSources: Record<FailureSource, ResponseSource> = {
  extension: "webtask",
  limit: "webtask",
  egress: "webtask",
  contract: "webtask",
  compiler: "compiler",
  platform: "proxy",
  distribution: "proxy",
};

function jsonAnswer(
  status: number,
  source: ResponseSource,
  body: object,
): HttpAnswer {
  return {
    status,
    headers: [
      ["content-type", "application/json"],
      ["x-wt-response-source", source],
    ],
    body: Buffer.from(JSON.stringify(body)),
  };
}

function retryAfter(): [name: string, value: string] {
  return ["retry-after", String(retryAfterS)];
}

/** 1xx would leave the client waiting for another. */
function isFinalStatus(status: number): boolean {
  return status >= 200 && status <= 599;
}
