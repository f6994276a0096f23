/** The requests outward of the calls that are open here: what came of them is told by number, a body piece by piece. */
import type { Call, Calls } from "../calls.ts";
import { giveUp } from "../egress.ts";
import { parse, quote } from "../intrinsics.ts";
import type { EgressErrors } from "./errors.ts";

/** A request ready to leave. */
export interface OutwardRequest {
  method: string;
  url: string;
  /** A JSON array of names and values in turn. */
  headersJson: string;
  body: string;
  encoding: BodyForm;
}

/** Text, or one char a byte. */
export type BodyForm = "utf8" | "latin1";

/** The head of an answer as the executor tells it. */
export type AnswerHead = [
  status: number,
  statusText: string,
  ...headers: string[],
];

export interface ExchangeEvents {
  head: (head: AnswerHead) => void;
  /** Instead of a head. */
  failed: (error: unknown) => void;
  /** All of it has been read, or it has failed. */
  ended: () => void;
}

export interface PieceReader {
  piece: (text: string, isLast: boolean) => void;
  failed: (error: unknown) => void;
}

export interface Exchange {
  /** Asks for the next piece of the body; one at a time. */
  read(form: BodyForm, reader: PieceReader): void;
  /** Told at once when it fails after its head, also where nobody reads. */
  whenBroken(listener: (error: unknown) => void): void;
  /** Ends it; whoever waits for it fails with `reason`. */
  abort(reason: unknown): void;
}

/** An exchange as its call keeps it. */
export interface ExchangeState {
  readonly events: ExchangeEvents;
  hasHead: boolean;
  /** The other side has nothing more to say. */
  isComplete: boolean;
  reader: PieceReader | undefined;
  broken: ((error: unknown) => void) | undefined;
  failure: { error: unknown } | undefined;
}

export interface Exchanges {
  /** Sends a request of the call; the caller has seen that it may. */
  open(call: Call, request: OutwardRequest, events: ExchangeEvents): Exchange;
  /** What the executor tells. */
  take(call: Call, egress: number, news: string, text: string): void;
}

export function createExchanges(calls: Calls, errors: EgressErrors): Exchanges {
  return {
    open: (call, request, events) => {
      const egress = calls.nextEgress();
      const state: ExchangeState = {
        events,
        hasHead: false,
        isComplete: false,
        reader: undefined,
        broken: undefined,
        failure: undefined,
      };
      call.exchanges[egress] = state;
      call.openExchanges++;
      call.hostCalls++;
      calls.outbox.post(requestItem(call, egress, request), request.body);
      return {
        read: (form, reader) => {
          if (state.failure) reader.failed(state.failure.error);
          else if (call.answered) reader.failed(endedWithCall(errors));
          else {
            state.reader = reader;
            calls.outbox.post(`["read",${call.id},${egress},"${form}"]`, "");
          }
        },
        whenBroken: (listener) => {
          state.broken = listener;
        },
        abort: (reason) => {
          if (call.answered || !call.exchanges[egress]) return;
          delete call.exchanges[egress];
          giveUp(calls, call, egress);
          fail(call, state, reason);
        },
      };
    },
    take: (call, egress, news, text) => {
      const state = call.exchanges[egress];
      if (!state) return;
      switch (news) {
        case "head":
          state.hasHead = true;
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the executor wrote it
          state.events.head(parse(text) as AnswerHead);
          return;
        case "complete":
          complete(call, state);
          return;
        case "failure": {
          delete call.exchanges[egress];
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as above
          const problem = parse(text) as [
            kind: string,
            message: string,
            code: string,
          ];
          const error = errors.create(problem[0], problem[1], problem[2]);
          fail(call, state, error);
          return;
        }
        default: {
          const isLast = news === "last";
          const { reader } = state;
          state.reader = undefined;
          if (isLast) {
            delete call.exchanges[egress];
            complete(call, state);
            state.events.ended();
          }
          reader?.piece(text, isLast);
        }
      }
    },
  };
}

function complete(call: Call, state: ExchangeState): void {
  if (!state.isComplete) call.openExchanges--;
  state.isComplete = true;
}

function fail(call: Call, state: ExchangeState, error: unknown): void {
  complete(call, state);
  state.failure = { error };
  const { reader } = state;
  state.reader = undefined;
  state.events.ended();
  if (!state.hasHead) {
    state.events.failed(error);
    return;
  }
  reader?.failed(error);
  state.broken?.(error);
}

/** By hand, as everything that leaves. */
function requestItem(
  call: Call,
  egress: number,
  request: OutwardRequest,
): string {
  const { method, url, headersJson, encoding } = request;
  const head = `["egress",${call.id},${egress},${quote(method)},${quote(url)}`;
  return `${head},${headersJson},"${encoding}"]`;
}

function endedWithCall(errors: EgressErrors): Error {
  return errors.create(
    "failed",
    "the invocation that sent this request has ended, and its answer's body with it",
  );
}
