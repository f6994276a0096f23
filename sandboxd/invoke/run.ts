/** What an executor is asked to run, and what the supervisor tells of it: `invoke`'s side of the supervisor's own words. */
import type { CallFailure } from "../../proto/errors.ts";
import type { LogLine } from "../protocol.ts";
import type { Answer } from "./response.ts";

/** A call, ready to be run. */
export interface Call {
  invocationId: string;
  payload: Uint8Array;
  contentType: string;
  wallMs: number;
  wallClock: "wall_time" | "deadline";
  syncMs: number;
  cpuMs: number;
  http?: {
    method: string;
    path: string;
    query: string;
    headers: [string, string][];
  };
}

/** What the supervisor tells of a call. Times are in milliseconds of performance.now(). */
export interface Run {
  outcome:
    | ({ kind: "answered"; logs?: GuestLogs | undefined } & Answer)
    | { kind: "failed"; failure: CallFailure; logs?: GuestLogs | undefined }
    | { kind: "cancelled"; logs?: GuestLogs | undefined };
  isCold: boolean;
  isUnloadable: boolean;
  admittedAt: number;
  acquiredAt: number;
  loadedAt: number;
  endedAt: number;
  runUs: number;
  compileUs: number;
  /** What it asked of others; the first of it, if that is much. */
  egress: readonly OutwardRequest[];
  /** All of it. */
  egressCounts: OutwardCounts;
}

/** A request outward, as the supervisor tells of it. Times as above. */
export interface OutwardRequest {
  method: string;
  /** Scheme, host and port. */
  origin: string;
  startedAt: number;
  endedAt: number;
  /** 0: no answer. */
  status: number;
  sentBytes: number;
  receivedBytes: number;
  outcome: OutwardOutcome;
}

/** How a request outward ended. */
export type OutwardOutcome =
  "answered" | "aborted" | "denied" | "limit" | "failed";

/** Requests outward by how they ended. */
export type OutwardCounts = Partial<Record<OutwardOutcome, OutwardCount>>;

/** So many, and the bytes of their bodies. */
export interface OutwardCount {
  requests: number;
  sentBytes: number;
  receivedBytes: number;
}

interface GuestLogs {
  lines: LogLine[];
  /** Lines that did not fit. */
  dropped: number;
}
