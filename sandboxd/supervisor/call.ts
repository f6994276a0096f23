/** What is asked of an executor and what comes of it: versions to load, calls to run, how each may end. */
import type { CallFailure, LimitHit } from "../../proto/errors.ts";
import type { GuestRequest, LoadFailure, LoggedReply } from "../protocol.ts";
import type { EgressCounts, EgressRecord } from "./egress.ts";

/** What an executor needs to load a version. `key` names it among those of its container. */
export interface LoadableVersion {
  key: string;
  container: string;
  fileName: string;
  secrets: Readonly<Record<string, string>>;
  meta: Readonly<Record<string, string>>;
  /** What it was built for; absent: this release's own. */
  runtime?: string;
  /** The bundle followed by its source map. */
  read(): Promise<{ content: Uint8Array; bundleBytes: number }>;
}

/** One call, ready to be sent. */
export interface ExecutorCall {
  invocationId: string;
  payload: Uint8Array;
  contentType: string;
  wallMs: number;
  wallClock: "wall_time" | "deadline";
  syncMs: number;
  cpuMs: number;
  http?: GuestRequest;
}

/** How a call ended in the process it was sent to, and what it left. */
export type ExecutorOutcome = CallTraces &
  (
    | Answer
    | { kind: "failed"; failure: CallFailure; runUs: number }
    /** Its isolate was discarded for another call's sake. */
    | { kind: "displaced"; effects: number }
    /** The caller gave it up. */
    | { kind: "cancelled" }
    /** Its process ended before it answered. */
    | LostCall
  );

interface Answer {
  kind: "answered";
  payload: Buffer;
  contentType: string;
  httpStatus: number;
  headers: [name: string, value: string][];
  runUs: number;
}

export type AnsweredOutcome = Answer & CallTraces;

/** What is kept of a call however it ended. */
export interface CallTraces {
  logs: GuestLogs | undefined;
  egress: readonly EgressRecord[];
  egressCounts: EgressCounts;
}

interface LostCall {
  kind: "lost";
  cause: LostCause;
  /** Requests outward it had made: with none, it may be run again elsewhere. */
  effects: number;
  /** Nothing but its version can have ended the process. */
  isToBlame: boolean;
  /** What its process could use. */
  memoryMb: number;
}

/** What one invocation's code wrote to its console. */
export type GuestLogs = Pick<
  LoggedReply,
  "version" | "invocationId" | "lines" | "dropped"
>;

/** Why a process ended: we killed it for a call past its time, it broke the protocol, it used too much memory, it was no longer needed, or by itself. */
export type LostCause = "overdue" | "protocol" | "memory" | "closed" | "exited";

/** The process ended, for a reason of its own. */
export const lostWhileLoading: LoadFailure = {
  reason: "executor_lost",
  message: "the executor ended while the version was being loaded",
};

/** The process ended for want of memory. */
export function memoryFailure(memoryMb: number): CallFailure {
  return {
    reason: "memory",
    message: `its process needed more than ${memoryMb} MB of memory`,
    limit: { name: "memory_mb", value: memoryMb, observed: memoryMb },
  };
}

/** A limit of how much may be done at once was reached. */
export function tooMany(limit: LimitHit): CallFailure {
  const { name, value, observed } = limit;
  const message = `${name} is ${observed}; at most ${value} are taken`;
  return { reason: "concurrency", message, limit };
}

/** The process ended by another's doing: the version may be loaded elsewhere. */
export const lostBesideAnother: LoadFailure = { ...lostWhileLoading };

/** The process was killed, because the version never came to an end. */
export function hungWhileLoading(timeoutMs: number): LoadFailure {
  return {
    reason: "sync_time",
    message: `the top level did not end within ${timeoutMs} ms, and its executor was killed`,
    limit: { name: "load_timeout_ms", value: timeoutMs, observed: timeoutMs },
  };
}

/** The failure of a call whose time is over. */
export function expiredFailure(
  { wallClock, wallMs }: Pick<ExecutorCall, "wallClock" | "wallMs">,
  observedMs: number,
): CallFailure {
  const name = wallClock === "deadline" ? "timeout_ms" : "wall_ms";
  return {
    reason: wallClock,
    message: `no answer within ${wallMs} ms`,
    limit: { name, value: wallMs, observed: Math.round(observedMs) },
  };
}

/** Keys of code that came with a request begin so. */
export const inlinePrefix = "inline:";
