/** How one call is answered: once, with a result, a response or a failure. What comes after is a line in the log. */
import type { Call, Calls, GuestReason } from "./calls.ts";
import { logLine } from "./console.ts";
import { flattenError } from "./errors.ts";
import { stringify } from "./intrinsics.ts";

/** What an adapter may do with its call. */
export interface Answer {
  readonly maxBytes: number;
  /** webtask's callback: an error, or a value. */
  callback: (error: unknown, value: unknown) => void;
  /** A value to be sent as JSON; a falsy one is an empty object, as webtask had it. */
  result: (value: unknown) => void;
  /** An HTTP response; `headersJson` is a JSON array of names and values in turn. */
  respond: (httpStatus: number, response: HttpAnswer) => void;
  /** What the guest threw or rejected with. */
  thrown: (reason: "threw" | "rejected", thrown: unknown) => void;
  fail: (reason: GuestReason, message: string) => void;
  tooLong: (observedBytes: number) => void;
}

export interface HttpAnswer {
  contentType: string;
  headersJson: string;
  /** As utf8 the body is text, as latin1 one char a byte. */
  encoding: "utf8" | "latin1";
  body: string;
}

export function createAnswer(calls: Calls, call: Call): Answer {
  const maxBytes = calls.limits.maxResultBytes;
  const answer: Answer = {
    maxBytes,
    callback: (error, value) => {
      if (call.answered) {
        logLine(calls, "warn", "callback called again; only the first counts");
        return;
      }
      if (error) calls.failThrown(call, "callback_error", error);
      else answer.result(value);
    },
    result: (value) => {
      if (call.answered) return;
      const json = toJson(value);
      if (typeof json !== "string") {
        calls.fail(call, "invalid_result", json.problem);
        return;
      }
      answerJson(calls, call, json);
    },
    respond: (httpStatus, response) =>
      calls.respond(call, { httpStatus, ...response }),
    thrown: (reason, thrown) => calls.failThrown(call, reason, thrown),
    fail: (reason, message) => calls.fail(call, reason, message),
    tooLong: (observed) => failTooLong(calls, call, observed),
  };
  return answer;
}

function answerJson(calls: Calls, call: Call, json: string): void {
  const { maxResultBytes } = calls.limits;
  // A char is at least a byte; the executor counts the bytes.
  if (json.length > maxResultBytes) {
    failTooLong(calls, call, json.length);
    return;
  }
  calls.respond(call, {
    httpStatus: 200,
    contentType: "application/json",
    headersJson: "[]",
    encoding: "utf8",
    body: json,
  });
}

function failTooLong(calls: Calls, call: Call, observed: number): void {
  calls.fail(call, "result_size", "the result is too long", observed);
}

function toJson(value: unknown): string | { problem: string } {
  if (!value) return "{}";
  try {
    const json = stringify(value);
    if (json !== undefined) return json;
    return { problem: `a ${typeof value} has no JSON form` };
  } catch (thrown) {
    const { message } = flattenError(thrown);
    return { problem: `the result cannot be written as JSON: ${message}` };
  }
}
