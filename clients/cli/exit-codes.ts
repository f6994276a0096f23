/** The one table of exit codes, and the failures that are the command line's own. */
import { AnnexError, type ErrorCode } from "../../proto/errors.ts";

/** Every exit code, in the order `annex --help` tells them. */
export const exitCodes = [
  { exit: 0, meaning: "ok" },
  { exit: 1, meaning: "failed" },
  { exit: 2, meaning: "the command line was not understood" },
  { exit: 3, meaning: "the input was refused" },
  { exit: 4, meaning: "the time was up" },
  { exit: 5, meaning: "not found" },
  { exit: 6, meaning: "a conflict, or something else must be changed first" },
  { exit: 7, meaning: "the server is unavailable" },
  { exit: 8, meaning: "not authorised" },
  { exit: 9, meaning: "the extension itself failed" },
] as const;

/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[number]["exit"];

const exitOfError: Record<ErrorCode, ExitCode> = {
  invalid: 3,
  unauthenticated: 8,
  denied: 8,
  not_found: 5,
  already_exists: 6,
  conflict: 6,
  precondition: 6,
  exhausted: 3,
  unavailable: 7,
  cancelled: 1,
  deadline: 4,
  internal: 1,
};

const exitOfFailure = {
  failed: 1,
  usage: 2,
  extension_failed: 9,
} as const satisfies Record<string, ExitCode>;

/** A failure that no AnnexError names. */
export class CommandFailed extends Error {
  readonly code: keyof typeof exitOfFailure;

  constructor(
    code: keyof typeof exitOfFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "CommandFailed";
    this.code = code;
  }
}

/** How a command ends that threw this: its exit code, and what is said about it. */
export function endingOf(thrown: unknown): {
  exit: ExitCode;
  code: string;
  message: string;
} {
  if (thrown instanceof CommandFailed) {
    return {
      exit: exitOfFailure[thrown.code],
      code: thrown.code,
      message: thrown.message,
    };
  }
  if (thrown instanceof AnnexError) {
    return {
      exit: exitOfError[thrown.code],
      code: thrown.code,
      message: thrown.message,
    };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { exit: 1, code: "failed", message };
}

/** A program that ran in the place of `annex` and has said itself what went wrong. */
export class ProgramEnded extends Error {
  readonly exit: number;

  constructor(program: string, exit: number) {
    super(`${program} ended with exit code ${exit}`);
    this.name = "ProgramEnded";
    this.exit = exit;
  }
}
