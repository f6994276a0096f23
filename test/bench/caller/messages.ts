/** What the benchmark's main process and a caller's process say to each other. */
import type { TargetSpec } from "./target.ts";

/** Main → caller; answered in order, one at a time. */
export type CallerRequest =
  | { type: "open"; name: string; target: TargetSpec }
  /** Make so many calls, so many at a time. */
  | { type: "run"; name: string; calls: number; inFlight: number }
  /** Call without end, one at a time, until `stop-load`. */
  | { type: "start-load"; name: string }
  | { type: "stop-load" };

/** Caller → main. */
export type CallerReply =
  | { type: "done" }
  | ({ type: "measured" } & Measured)
  | ({ type: "load" } & LoadOutcome)
  | { type: "failed"; message: string };

/** One round: a closed loop per call in flight, each call timed from before it is made until its answer is read. */
export interface Measured {
  /** Of the calls that were answered as they should. */
  latenciesUs: Float64Array;
  elapsedMs: number;
  coldCalls: number;
  failures: number;
  firstFailure: string;
}

/** What a load came to. */
export interface LoadOutcome {
  calls: number;
  /** Why it ended early. */
  failure?: string;
}
