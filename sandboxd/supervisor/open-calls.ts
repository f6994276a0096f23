/** The calls open in one executor: what they are sent, what comes of them, and that each is told its end exactly once. */
import type { Frame } from "../frames.ts";
import { hostClockMs } from "../host-clock.ts";
import type {
  AnsweredReply,
  CancelledReply,
  DisplacedReply,
  ExecutorRequest,
  FailedReply,
  LoggedReply,
  StartRequest,
} from "../protocol.ts";
import {
  expiredFailure,
  type CallTraces,
  type ExecutorCall,
  type ExecutorOutcome,
  type GuestLogs,
} from "./call.ts";
import type { CallLog } from "./call-log.ts";
import {
  EgressRelay,
  type EgressMessage,
  type RelayParts,
} from "./egress-relay.ts";
import type { EgressGate } from "./egress.ts";
import type { HeldVersion } from "./held-versions.ts";
import { OpenCall } from "./open-call.ts";
import type { PullWindow } from "./pull-window.ts";
import type { Allowance } from "./quota.ts";

/** What an executor says of a call. */
export type CallReply =
  | AnsweredReply
  | FailedReply
  | DisplacedReply
  | CancelledReply
  | LoggedReply
  | EgressMessage;

export interface OpenCallsParts {
  bounds: StartRequest;
  window: PullWindow;
  gate: EgressGate;
  /** Pays for what belongs to no open call. */
  allowance: Allowance;
  now: () => number;
  send(head: ExecutorRequest, body?: Uint8Array): void;
  /** Lines that came after their invocation's answer. */
  loggedLate(container: string, logs: GuestLogs): void;
  /** A call no longer runs. */
  ended(): void;
}

/** How long after its wall time a call may wait for the executor's own word before its caller is told. */
const expiryGraceMs = 50;
/** Answered calls that may still write to their log. */
const maxRecentCalls = 1024;

export class OpenCalls {
  readonly #parts: OpenCallsParts;
  readonly #relayParts: RelayParts;
  readonly #calls = new Map<number, OpenCall>();
  /** By their ids' remainders: of two with the same the later one is kept. */
  readonly #recent: { id: number; log: CallLog }[] = [];

  constructor(parts: OpenCallsParts) {
    this.#parts = parts;
    this.#relayParts = {
      gate: parts.gate,
      window: parts.window,
      send: (head, body) => parts.send(head, body),
      maxOpen: parts.bounds.maxOpenEgress,
      maxInAll: parts.bounds.maxHostCalls,
    };
  }

  /** Cancelled ones that still run included. */
  get size(): number {
    return this.#calls.size;
  }

  all(): Iterable<OpenCall> {
    return this.#calls.values();
  }

  /** Sends a call; the outcome always comes, at once when `signal` gives the call up. */
  open(
    id: number,
    { held, call }: { held: HeldVersion; call: ExecutorCall },
    signal: AbortSignal | undefined,
  ): Promise<ExecutorOutcome> {
    held.openCalls++;
    const { now } = this.#parts;
    held.lastCalledMs = now();
    const { outcome, settle } = toBeSettled(signal, () => this.#cancel(id));
    const { maxLogBytes } = this.#parts.bounds;
    const { payload, ...head } = call;
    const options = { call: head, held, now, maxLogBytes, settle };
    this.#calls.set(id, new OpenCall(options));
    const version = held.name;
    const sentMs = hostClockMs();
    this.#parts.send({ type: "invoke", id, version, sentMs, ...head }, payload);
    return outcome;
  }

  /** Tells the callers whose time is over. */
  expire(nowMs: number): void {
    for (const [id, open] of this.#calls)
      if (open.dueMs + expiryGraceMs < nowMs && !open.isCancelled)
        this.#abandon(id, open, {
          kind: "failed",
          failure: expiredFailure(open.call, open.call.wallMs),
          runUs: 0,
          ...open.end(),
        });
  }

  /** Takes all of them out: their process is gone. */
  takeAll(): OpenCall[] {
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    this.#recent.length = 0;
    return calls;
  }

  /** Does what the executor says of a call; throws where it breaks a bound. What it says of no open call is nobody's. */
  take(reply: CallReply, frame: Frame): void {
    if (reply.type === "logged") return this.#logged(reply, frame);
    const open = this.#calls.get(reply.id);
    if (!open) return this.#parts.allowance.spend(frame.bytes);
    switch (reply.type) {
      case "answered":
        return this.#answered(open, reply, frame.body);
      case "failed": {
        const { failure, runUs } = reply;
        const traces = open.end();
        const outcome = { kind: "failed" as const, failure, runUs, ...traces };
        return this.#settle(reply.id, open, outcome);
      }
      case "displaced":
        return this.#displaced(open, reply, open.end());
      case "cancelled":
        if (!open.isCancelled) throw new Error("gave up a call by itself");
        return this.#settle(reply.id, open, {
          kind: "cancelled",
          ...open.end(),
        });
      case "egress":
      case "egress-connect":
      case "egress-lookup":
      case "egress-write":
      case "egress-finish":
      case "egress-upgrade":
      case "egress-pull":
      case "egress-abort":
        open.egress ??= this.#newRelay(reply.id, open);
        // They crossed the word of its end: megabytes of them, where bodies are large.
        if (open.isCancelled) open.egress.close();
        return open.egress.take(reply, frame);
    }
  }

  #answered(open: OpenCall, reply: AnsweredReply, payload: Buffer): void {
    if (payload.length > this.#parts.bounds.maxResultBytes)
      throw new Error("a result over its bound");
    const { id, contentType, httpStatus, headers, runUs } = reply;
    this.#settle(id, open, {
      kind: "answered",
      payload,
      contentType,
      httpStatus,
      headers,
      runUs,
      ...open.end(),
    });
  }

  #displaced(
    open: OpenCall,
    { id, effects }: DisplacedReply,
    traces: CallTraces,
  ): void {
    this.#settle(id, open, {
      kind: "displaced",
      effects: Math.max(effects, open.effects),
      ...traces,
    });
  }

  #settle(id: number, open: OpenCall, outcome: ExecutorOutcome): void {
    this.#calls.delete(id);
    this.#recent[id % maxRecentCalls] = { id, log: open.log };
    open.held.openCalls--;
    open.held.lastUsedMs = this.#parts.now();
    this.#parts.ended();
    this.tell(open, outcome);
  }

  /** Tells a call's end; where that is told already, only what it wrote since is left to tell. */
  tell(open: OpenCall, outcome: ExecutorOutcome): void {
    open.settle(outcome);
    if (open.isCancelled && outcome.logs)
      this.#parts.loggedLate(open.held.container, outcome.logs);
  }

  #cancel(id: number): void {
    const open = this.#calls.get(id);
    if (!open || open.isCancelled) return;
    this.#abandon(id, open, { kind: "cancelled", ...open.end() });
  }

  /** Tells its caller; it stays open until the executor says that it no longer runs. */
  #abandon(id: number, open: OpenCall, outcome: ExecutorOutcome): void {
    open.isCancelled = true;
    open.settle(outcome);
    this.#parts.send({ type: "cancel", id });
  }

  /** Whose lines they are is known from the call, not believed. */
  #logged(reply: LoggedReply, frame: Frame): void {
    const open = this.#calls.get(reply.id);
    if (open) return open.log.add(reply, frame.bytes);
    const recent = this.#recent[reply.id % maxRecentCalls];
    if (recent?.id !== reply.id)
      return this.#parts.allowance.spend(frame.bytes);
    const { log } = recent;
    log.add(reply, frame.bytes);
    const logs = log.take();
    if (logs) this.#parts.loggedLate(log.version.container, logs);
  }

  #newRelay(id: number, { held, call, dueMs }: OpenCall): EgressRelay {
    const { container } = held;
    const { invocationId } = call;
    const leftMs = () => Math.max(1, Math.ceil(dueMs - this.#parts.now()));
    return new EgressRelay(
      { id, container, invocationId, leftMs },
      this.#relayParts,
    );
  }
}

/** An outcome to come; `giveUp` is called if the signal asks for it before. */
function toBeSettled(
  signal: AbortSignal | undefined,
  giveUp: () => void,
): {
  outcome: Promise<ExecutorOutcome>;
  settle: (outcome: ExecutorOutcome) => void;
} {
  const { promise, resolve } = Promise.withResolvers<ExecutorOutcome>();
  signal?.addEventListener("abort", giveUp);
  return {
    outcome: promise,
    settle(outcome) {
      signal?.removeEventListener("abort", giveUp);
      resolve(outcome);
    },
  };
}
