/** Failures that are the executor's own judgement; those of a call's clocks are in call.ts. */
import type { CallFailure } from "../../proto/errors.ts";
import type { EgressProblem } from "../protocol.ts";

/** The runtime would not have said it: the guest got hold of something, and its isolate is not entered again. */
export const brokenBounds: CallFailure = {
  reason: "invalid_result",
  message: "the answer broke the runtime's bounds",
};

/** The guest left code that ran where none may: a getter of what it rejected with, and what that put off. */
export const undrained: CallFailure = {
  reason: "invalid_result",
  message: "code ran while the answer was taken out, and there is none",
};

/** The isolate's heap was full. V8 tells no figure beyond the limit. */
export function memoryFailure(heapLimitMb: number): CallFailure {
  const value = heapLimitMb;
  return {
    reason: "memory",
    message: `needed more than ${value} MB of memory`,
    limit: { name: "heap_mb", value, observed: value },
  };
}

/** A result longer than it may be; a guest that was stopped early had at least so many bytes. */
export function resultSizeFailure(
  value: number,
  observed: number,
): CallFailure {
  return {
    reason: "result_size",
    message: `the result is longer than ${value} bytes`,
    limit: { name: "result_bytes", value, observed },
  };
}

/** Headers of an answer longer than the pipe's heads take. */
export function headerSizeFailure(
  value: number,
  observed: number,
): CallFailure {
  return {
    reason: "result_size",
    message: `the answer's headers are longer than ${value} characters`,
    limit: { name: "answer_header_chars", value, observed },
  };
}

/** The source ended the function that it is the body of. */
export const noModule: CallFailure = {
  reason: "invalid_export",
  message: "the source is not one module: its brackets do not match",
};

/** Its top level awaits, and nothing is left that could end that. */
export const unsettledTopLevel: CallFailure = {
  reason: "invalid_export",
  message:
    "the top level awaits what nothing will bring: none of its timers is left",
};

/** Its top level awaits for longer than it may run. */
export function lateTopLevel(value: number, elapsedMs: number): CallFailure {
  return {
    reason: "wall_time",
    message: `the top level awaits what did not come within ${value} ms`,
    limit: { name: "load_ms", value, observed: Math.round(elapsedMs) },
  };
}

/** A request outward whose body is too long; the guest is told. */
export function egressBodyProblem(
  value: number,
  observed: number,
): EgressProblem {
  return {
    kind: "limit",
    message: `the body of a request may have ${value} bytes; this one has ${observed}`,
    limit: { name: "egress_body_bytes", value, observed },
  };
}

/** A request outward whose URL and headers, as they are written on the pipe, are too long; the guest is told. */
export const longEgressHead: EgressProblem = {
  kind: "limit",
  message: "the URL and the headers of a request are too long",
};

/** What a guest wishes of TLS is too long; the guest is told. */
export const longTlsWishes: EgressProblem = {
  kind: "limit",
  message: "the options of TLS, certificates included, are too long",
};
