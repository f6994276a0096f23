/** How a guest's result or failure is told to the supervisor, within the bounds of the pipe. */
import type { CallFailure } from "../../proto/errors.ts";
import { headerCostChars } from "../egress-bounds.ts";
import { isHeadWithinBounds } from "../frames.ts";
import type { AnsweredReply } from "../protocol.ts";
import type { GuestFailure, GuestResult } from "./bridge.ts";
import type { OpenCall } from "./call.ts";
import { headerSizeFailure, resultSizeFailure } from "./failures.ts";
import { maxStackChars, type SourcePlaces } from "./stack.ts";

/** Of an answer: content type, names and values. */
const maxAnswerHeaderChars = 64 * 1024;
/** However they are escaped, a head can hold so many. */
const plainHeaderChars = 16 * 1024;
/** What no failure should need, and a head can hold. */
const maxMessageChars = 8 * 1024;

/** The head of a call's answer, or why the result is none. */
export function answerOf(
  { id, runUs }: OpenCall,
  { contentType, httpStatus, headers, body }: GuestResult,
  maxResultBytes: number,
): AnsweredReply | CallFailure {
  if (body.length > maxResultBytes)
    return resultSizeFailure(maxResultBytes, body.length);
  const headerChars = charsOf(contentType, headers);
  if (headerChars > maxAnswerHeaderChars)
    return headerSizeFailure(maxAnswerHeaderChars, headerChars);
  const head: AnsweredReply = {
    type: "answered",
    id,
    contentType,
    httpStatus,
    headers,
    runUs,
  };
  // Few answers have headers long enough to be written twice for this.
  if (headerChars > plainHeaderChars && !isHeadWithinBounds(head))
    return headerSizeFailure(maxAnswerHeaderChars, headerChars);
  return head;
}

/** A failure as its author reads it: with the stack at the places of the source. */
export function failureOf(
  { reason, message, httpStatus, observed, stack: text }: GuestFailure,
  places: SourcePlaces,
  maxResultBytes: number,
): CallFailure {
  if (reason === "result_size")
    return resultSizeFailure(maxResultBytes, observed);
  const stack = places.guestFrames(text).slice(0, maxStackChars);
  return {
    reason,
    message,
    ...(stack !== "" && { stack }),
    ...(httpStatus !== undefined && { httpStatus }),
  };
}

/** With a message that a head can hold. */
export function bounded<Failure extends CallFailure>(
  failure: Failure,
): Failure {
  return { ...failure, message: failure.message.slice(0, maxMessageChars) };
}

function charsOf(
  contentType: string,
  headers: readonly [name: string, value: string][],
): number {
  let chars = contentType.length;
  for (const [name, value] of headers)
    chars += name.length + value.length + headerCostChars;
  return chars;
}
