/**
 * The two vocabularies of going wrong: AnnexError, for what could not be handled (it becomes a gRPC or HTTP error), and
 * failure reasons, for what a callee did (they are values of an answer).
 */

/** What a caller can do about an error; a new code needs a caller that acts differently on it. */
export type ErrorCode =
  | "invalid" // mend the request
  | "unauthenticated" // bring a valid token
  | "denied" // bring another token
  | "not_found" // nothing of that name
  | "already_exists" // choose another name
  | "conflict" // somebody changed it meanwhile: read again, then retry
  | "precondition" // change something else first
  | "exhausted" // too large or too many
  | "unavailable" // try again later
  | "cancelled" // the caller gave up
  | "deadline" // the caller's time is up
  | "internal"; // a bug of ours

/** Our one exception. Its message is for the person who must act: what, which one, what to do. */
export class AnnexError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "AnnexError";
    this.code = code;
  }

  /** What crosses a wire for anything thrown: an AnnexError as it is, everything else as a fixed phrase. */
  static from(thrown: unknown): AnnexError {
    if (thrown instanceof AnnexError) return thrown;
    return new AnnexError(
      "internal",
      "internal error; the log has the details",
      {
        cause: thrown,
      },
    );
  }
}

/** Whose fault a failure is. */
export type FailureSource =
  | "platform"
  | "compiler"
  | "extension"
  | "limit"
  | "egress"
  | "contract"
  | "distribution";

interface ReasonRow {
  source: FailureSource;
  /** The gateway's status. webtask's where it had one: a callback's error 400, an uncaught exception 500, a compile error 400. */
  httpStatus: number;
  /** Whether the same call may succeed when sent again. */
  retryable: boolean;
}

/** Every failure reason with its source, HTTP status and retryability. The wire's numbers are in invoke.proto. */
export const failureReasons = {
  not_found: { source: "platform", httpStatus: 404, retryable: false },
  disabled: { source: "platform", httpStatus: 403, retryable: false },
  syntax: { source: "compiler", httpStatus: 400, retryable: false },
  module_not_found: { source: "compiler", httpStatus: 400, retryable: false },
  invalid_export: { source: "compiler", httpStatus: 400, retryable: false },
  invalid_result: { source: "extension", httpStatus: 500, retryable: false },
  threw: { source: "extension", httpStatus: 500, retryable: false },
  rejected: { source: "extension", httpStatus: 500, retryable: false },
  callback_error: { source: "extension", httpStatus: 400, retryable: false },
  denied: { source: "extension", httpStatus: 403, retryable: false },
  cpu_time: { source: "limit", httpStatus: 504, retryable: false },
  sync_time: { source: "limit", httpStatus: 504, retryable: false },
  wall_time: { source: "limit", httpStatus: 504, retryable: false },
  deadline: { source: "limit", httpStatus: 504, retryable: true },
  memory: { source: "limit", httpStatus: 500, retryable: false },
  payload_size: { source: "limit", httpStatus: 413, retryable: false },
  result_size: { source: "limit", httpStatus: 500, retryable: false },
  rate: { source: "limit", httpStatus: 429, retryable: true },
  concurrency: { source: "limit", httpStatus: 503, retryable: true },
  executor_lost: { source: "platform", httpStatus: 502, retryable: true },
  egress_denied: { source: "egress", httpStatus: 502, retryable: false },
  storage_unavailable: { source: "platform", httpStatus: 503, retryable: true },
  build_unavailable: { source: "platform", httpStatus: 503, retryable: true },
  input_schema: { source: "contract", httpStatus: 400, retryable: false },
  output_schema: { source: "contract", httpStatus: 502, retryable: false },
  breaker_open: { source: "platform", httpStatus: 503, retryable: true },
  quarantined: { source: "distribution", httpStatus: 503, retryable: false },
} as const satisfies Record<string, ReasonRow>;

/** The name of a failure reason, as client, CLI and JSON say it. */
export type FailureReason = keyof typeof failureReasons;

/** Which limit was hit, in the unit its name ends with. */
export interface LimitHit {
  name: string;
  value: number;
  observed: number;
}

/** What went wrong with a call, before the table has added source and retryability. */
export interface CallFailure {
  reason: FailureReason;
  message: string;
  limit?: LimitHit;
  /** The guest's own frames, one a line, source-mapped. */
  stack?: string;
  /** The HTTP status the guest's error asked for by its `statusCode`. */
  httpStatus?: number;
  /** The `name` of the guest's error, e.g. "TypeError"; `message` does not repeat it. */
  errorName?: string;
}
