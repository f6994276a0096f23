/** A call as long as it runs in an executor: its clocks, what it wrote, what it has open outward. */
import type { CallTraces, ExecutorCall, ExecutorOutcome } from "./call.ts";
import { CallLog } from "./call-log.ts";
import type { EgressRelay } from "./egress-relay.ts";
import type { HeldVersion } from "./held-versions.ts";

export class OpenCall {
  /** Its payload was sent: who may run it again has it, and nobody else need. */
  readonly call: Omit<ExecutorCall, "payload">;
  readonly held: HeldVersion;
  readonly sentMs: number;
  readonly settle: (outcome: ExecutorOutcome) => void;
  readonly log: CallLog;
  /** What it sends outward, once it does. */
  egress: EgressRelay | undefined;
  /** Its caller has been told; it stays open until the executor says that it no longer runs. */
  isCancelled = false;

  constructor(options: {
    call: Omit<ExecutorCall, "payload">;
    held: HeldVersion;
    now: () => number;
    maxLogBytes: number;
    settle: (outcome: ExecutorOutcome) => void;
  }) {
    const { call, held, now, maxLogBytes, settle } = options;
    this.call = call;
    this.held = held;
    this.sentMs = now();
    this.settle = settle;
    this.log = new CallLog(held, call.invocationId, {
      maxBytes: maxLogBytes,
      now,
    });
  }

  /** When its wall time is over. */
  get dueMs(): number {
    return this.sentMs + this.call.wallMs;
  }

  /** The longest it may run without the executor being heard of. */
  get sliceMs(): number {
    return Math.min(this.call.wallMs, this.call.syncMs);
  }

  /** Requests outward it has made. */
  get effects(): number {
    return this.egress?.count ?? 0;
  }

  /** Ends what it has open outward; gives what is kept of it. */
  end(): CallTraces {
    this.egress?.close();
    return {
      logs: this.log.take(),
      egress: this.egress?.records ?? none,
      egressCounts: this.egress?.counts ?? {},
    };
  }
}

const none: readonly never[] = [];
