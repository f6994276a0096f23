/**
 * The calls open in this isolate, and which of them runs. Every entry names its call; console lines and timers made until
 * the next entry, microtasks included, belong to it.
 */
import { flattenError, namedMessage } from "./errors.ts";
import type { ExchangeState } from "./fetch/exchange.ts";
import type { EgressErrors } from "./fetch/errors.ts";
import { dictionary, quote } from "./intrinsics.ts";
import type { Outbox } from "./outbox.ts";
import type { SocketState } from "./sockets.ts";

/** Bounds the executor hands in at its start; it checks each of them again outside. */
export interface Limits {
  maxResultBytes: number;
  maxLogBytes: number;
  maxOpenHostCalls: number;
  maxHostCalls: number;
  maxOpenEgress: number;
}

/** What a timer does when its time has come. */
export interface Due {
  readonly kind: "Timeout" | "Immediate";
  /** Whether a process would wait for it. */
  readonly isRefed: () => boolean;
  readonly run: () => void;
}

/** One run of the guest, or of its top level. */
export interface Call {
  readonly id: number;
  /** A top level belongs to no invocation, and may ask nothing of the world. */
  readonly isInvocation: boolean;
  answered: boolean;
  timers: Record<string, Due>;
  openTimers: number;
  exchanges: Record<string, ExchangeState>;
  sockets: Record<string, SocketState>;
  /** Of both kinds. */
  openExchanges: number;
  hostCalls: number;
  logChars: number;
  /** What is let go when an invocation ends. */
  endings: Record<string, () => void> | undefined;
}

/** Why a guest's own doing failed; bridge.ts knows the same list. */
export type GuestReason =
  | "threw"
  | "rejected"
  | "callback_error"
  | "invalid_result"
  | "invalid_export"
  | "module_not_found"
  | "result_size"
  | "egress_denied";

export interface Calls {
  readonly outbox: Outbox;
  readonly limits: Limits;
  /** The call that runs. */
  current(): Call;
  /** Makes a call and lets it run. */
  open(id: number, isInvocation: boolean): Call;
  /** A number for what is opened outward; in their order they leave. */
  nextEgress(): number;
  /** Lets an open call run. */
  resume(id: number): Call | undefined;
  /** Lets a call run, open or not. */
  turnTo(call: Call): void;
  /** Forgets a call and its timers. */
  close(call: Call): void;
  /** Runs work when the running call ends, unless what it gives is called; what a top level made lives as long as its isolate. */
  readonly onEnd: (work: () => void) => () => void;
  /** Answers a call with what was thrown; a call is answered once. */
  failThrown(call: Call, reason: GuestReason, thrown: unknown): void;
  /** Told what is thrown when a call has its answer. */
  late: ((thrown: unknown, words?: string) => void) | undefined;
  /** Answers a call with a message of the runtime's own, and how much there was of what is limited. */
  fail(
    call: Call,
    reason: GuestReason,
    message: string,
    observed?: number,
  ): void;
  /** Answers a call with bytes or text. */
  respond(call: Call, response: Response): void;
}

export interface Response {
  httpStatus: number;
  contentType: string;
  /** A JSON array of names and values in turn. */
  headersJson: string;
  encoding: "utf8" | "latin1";
  body: string;
}

export function createCalls(
  outbox: Outbox,
  limits: Limits,
  egressErrors: EgressErrors,
): Calls {
  const open = dictionary<Call>();
  let current = newCall(0, false);
  let lastEgress = 0;
  let lastEnding = 0;
  current.answered = true;

  const close = (call: Call) => {
    call.answered = true;
    call.timers = dictionary();
    call.openTimers = 0;
    call.exchanges = dictionary();
    call.sockets = dictionary();
    call.openExchanges = 0;
    delete open[call.id];
    letGo(call);
  };

  const answer = (call: Call, item: string, body: string) => {
    close(call);
    outbox.post(item, body);
  };

  const calls: Calls = {
    late: undefined,
    outbox,
    limits,
    current: () => current,
    open: (id, isInvocation) => {
      // What it made after it was answered.
      if (current.answered) letGo(current);
      current = newCall(id, isInvocation);
      open[id] = current;
      return current;
    },
    nextEgress: () => ++lastEgress,
    resume: (id) => {
      const call = open[id];
      if (!call) return undefined;
      if (current.answered) letGo(current);
      current = call;
      return call;
    },
    turnTo: (call) => {
      current = call;
    },
    close,
    onEnd: (work) => {
      if (!current.isInvocation) return () => undefined;
      const endings = (current.endings ??= dictionary());
      const id = ++lastEnding;
      endings[id] = work;
      return () => {
        delete endings[id];
      };
    },
    failThrown: (call, reason, thrown) => {
      if (call.answered) {
        calls.late?.(thrown);
        return;
      }
      const error = flattenError(thrown);
      const message =
        reason === "callback_error" ? error.message : namedMessage(error);
      // Reading the error may have run guest code that answered meanwhile.
      if (call.answered) return;
      const denial = egressErrors.denialOf(thrown);
      const told = denial === undefined ? reason : "egress_denied";
      const head = `["failure",${call.id},${quote(told)},${quote(denial ?? message)}`;
      const tail = `${quote(error.stack)},${error.httpStatus},0]`;
      answer(call, `${head},${tail}`, "");
    },
    fail: (call, reason, message, observed = 0) => {
      if (call.answered) return;
      const head = `["failure",${call.id},${quote(reason)},${quote(message)}`;
      answer(call, `${head},"",0,${observed}]`, "");
    },
    respond: (call, response) => {
      if (call.answered) return;
      const { httpStatus, contentType, headersJson, encoding } = response;
      const head = `["result",${call.id},${httpStatus},${quote(contentType)}`;
      answer(call, `${head},${headersJson},"${encoding}"]`, response.body);
    },
  };
  return calls;
}

function letGo(call: Call): void {
  const { endings } = call;
  if (!endings) return;
  call.endings = undefined;
  for (const id in endings) endings[id]?.();
}

function newCall(id: number, isInvocation: boolean): Call {
  return {
    id,
    isInvocation,
    answered: false,
    timers: dictionary(),
    openTimers: 0,
    exchanges: dictionary(),
    sockets: dictionary(),
    openExchanges: 0,
    hostCalls: 0,
    logChars: 0,
    endings: undefined,
  };
}
