/** What a call's caller is told of how it ended in its executor, or that the call deserves another try. */
import {
  memoryFailure,
  type AnsweredOutcome,
  type CallTraces,
  type ExecutorOutcome,
} from "./call.ts";
import type { CallFailure } from "../../proto/errors.ts";

/** How a call ended for its caller. */
export type CallOutcome =
  | AnsweredOutcome
  | ({ kind: "failed"; failure: CallFailure } & Partial<CallTraces>)
  | ({ kind: "cancelled" } & Partial<CallTraces>);

export interface Trial {
  /** It was run before: nothing is run a third time. */
  isRerun: boolean;
  /** Its version was suspected of other deaths before this one. */
  isKnownSuspect: () => boolean;
}

export function judge(
  outcome: ExecutorOutcome,
  trial: Trial,
): CallOutcome | "run again" {
  switch (outcome.kind) {
    case "answered":
    case "failed":
    case "cancelled":
      return outcome;
    case "displaced":
      return mayRunAgain(outcome, trial)
        ? "run again"
        : lost(outcome, "its isolate was discarded");
    case "lost":
      return judgeLost(outcome, trial);
  }
}

function judgeLost(
  outcome: Extract<ExecutorOutcome, { kind: "lost" }>,
  trial: Trial,
): CallOutcome | "run again" {
  const { cause, isToBlame, memoryMb } = outcome;
  if (cause === "overdue" && mayRunAgain(outcome, trial)) return "run again";
  if (cause !== "memory") return lost(outcome, "its executor ended");
  // One of several: the first time it may well have been another.
  const isDoubtful = !isToBlame && !trial.isKnownSuspect();
  if (isDoubtful && mayRunAgain(outcome, trial)) return "run again";
  return failed(outcome, memoryFailure(memoryMb));
}

/** Only a call that has done nothing yet outside its isolate. */
function mayRunAgain(
  { effects }: { effects: number },
  { isRerun }: Trial,
): boolean {
  return !isRerun && effects === 0;
}

function lost(traces: CallTraces, how: string): CallOutcome {
  const message = `the call was lost: ${how} before it answered`;
  return failed(traces, { reason: "executor_lost", message });
}

function failed(
  { logs, egress, egressCounts }: CallTraces,
  failure: CallFailure,
): CallOutcome {
  return { kind: "failed", failure, logs, egress, egressCounts };
}
