/**
 * The calls open in this isolate, and which of them runs. Every entry names its call; console lines and timers made until
 * the next entry, microtasks included, belong to it.
 */
import { flattenError, namedMessage } from "./errors.ts";
import type { ExchangeState } from "./fetch/exchange.ts";
import type { EgressErrors } from "./fetch/errors.ts";
import { dictionary, quote } from "./intrinsics.ts";
import type { Outbox } from "./outbox.ts";

/** Bounds the executor hands in at its start; it checks each of them again outside. */
export interface Limits {
  maxResultBytes: number;
  maxLogBytes: number;
  maxOpenHostCalls: number;
  maxHostCalls: number;
  maxOpenEgress: number;
}

/** One run of the guest, or of its top level. */
export interface Call {
  readonly id: number;
  /** A top level belongs to no invocation, and may ask nothing of the world. */
  readonly isInvocation: boolean;
  answered: boolean;
  timers: Record<string, () => void>;
  openTimers: number;
  exchanges: Record<string, ExchangeState>;
  openExchanges: number;
  hostCalls: number;
  logChars: number;
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
  /** Lets an open call run. */
  resume(id: number): Call | undefined;
  /** Forgets a call and its timers. */
  close(call: Call): void;
  /** Answers a call with what was thrown; a call is answered once. */
  failThrown(call: Call, reason: GuestReason, thrown: unknown): void;
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
  current.answered = true;

  const close = (call: Call) => {
    call.answered = true;
    call.timers = dictionary();
    call.openTimers = 0;
    call.exchanges = dictionary();
    call.openExchanges = 0;
    delete open[call.id];
  };

  const answer = (call: Call, item: string, body: string) => {
    close(call);
    outbox.post(item, body);
  };

  const calls: Calls = {
    outbox,
    limits,
    current: () => current,
    open: (id, isInvocation) => {
      current = newCall(id, isInvocation);
      open[id] = current;
      return current;
    },
    resume: (id) => {
      const call = open[id];
      if (call) current = call;
      return call;
    },
    close,
    failThrown: (call, reason, thrown) => {
      if (call.answered) return;
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

function newCall(id: number, isInvocation: boolean): Call {
  return {
    id,
    isInvocation,
    answered: false,
    timers: dictionary(),
    openTimers: 0,
    exchanges: dictionary(),
    openExchanges: 0,
    hostCalls: 0,
    logChars: 0,
  };
}
