/** What a caller can call: each a way to somebody, opened once and called many times. */

/** How to reach a target; what crosses to the caller's process. */
export type TargetSpec =
  | { kind: "raw-echo" | "grpc-stream" | "grpc-unary" | "http"; socket: string }
  | {
      kind: "annex-stream" | "annex-unary";
      socket: string;
      container: string;
      call: { extension: string } | { point: string };
      expect: "answer" | "big" | "skipped";
    };

/** An open target. Rejects where the answer is not what it must be. */
export interface Target {
  call(): Promise<CallNote>;
  close(): Promise<void>;
}

/** What is noted of a call beside its time. */
export interface CallNote {
  cold: boolean;
}

/** What there is to note of a call that cannot be cold. */
export const warm: CallNote = { cold: false };
