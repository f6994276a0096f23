/** `fetch`, over the executor: requests of the invocation that runs, within its bounds. */
import type { Call, Calls } from "../calls.ts";
import {
  PromiseIntrinsic,
  TypeErrorIntrinsic,
  apply,
  readProperty,
} from "../intrinsics.ts";
import type { EgressErrors } from "./errors.ts";
import type { Exchange, Exchanges } from "./exchange.ts";
import { readRequest } from "./request.ts";
import { createAnswered, type Response } from "./response.ts";

export type Fetch = (input: unknown, init?: unknown) => Promise<Response>;

export function createFetch(
  calls: Calls,
  exchanges: Exchanges,
  errors: EgressErrors,
): Fetch {
  return (input, init) =>
    // What is thrown in here rejects the promise.
    new PromiseIntrinsic((resolve, reject) => {
      const call = calls.current();
      const { request, signal } = readRequest(input, init, calls.limits);
      const watch = signal && watchSignal(signal);
      // Last of what may fail: until here the guest's own code ran, and may have sent requests.
      checkMaySend(calls, call, errors);
      let unwatch: Unwatch | undefined;
      const exchange = exchanges.open(call, request, {
        head: (head) => resolve(createAnswered(head, exchange)),
        failed: reject,
        ended: () => unwatch?.(),
      });
      unwatch = watch?.(exchange);
    });
}

type Unwatch = () => void;

function checkMaySend(
  { limits }: Calls,
  call: Call,
  errors: EgressErrors,
): void {
  if (!call.isInvocation)
    throw new TypeErrorIntrinsic(
      "fetch works in an invocation only: the top level of a module belongs to none",
    );
  if (call.answered)
    throw new TypeErrorIntrinsic(
      "the invocation has been answered and may send no more requests",
    );
  if (call.openExchanges >= limits.maxOpenEgress)
    throw errors.create(
      "limit",
      `more than ${limits.maxOpenEgress} requests open at once`,
    );
  if (call.hostCalls >= limits.maxHostCalls)
    throw errors.create(
      "limit",
      `more than ${limits.maxHostCalls} timers and requests in one invocation`,
    );
}

/** Throws the reason of a signal that is aborted; else gives what lets it end an exchange, until it need not. */
function watchSignal(signal: object): (exchange: Exchange) => Unwatch {
  if (readProperty(signal, "aborted")) throw readProperty(signal, "reason");
  const listen = readProperty(signal, "addEventListener");
  const forget = readProperty(signal, "removeEventListener");
  if (typeof listen !== "function" || typeof forget !== "function")
    throw new TypeErrorIntrinsic("signal must be an AbortSignal");
  return (exchange) => {
    const abort = () => exchange.abort(readProperty(signal, "reason"));
    apply(listen, signal, ["abort", abort]);
    return () => void apply(forget, signal, ["abort", abort]);
  };
}
