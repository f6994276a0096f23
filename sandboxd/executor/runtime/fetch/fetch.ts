/** `fetch`, over the executor: requests of the invocation that runs, within its bounds. */
import type { Call, Calls } from "../calls.ts";
import { PromiseIntrinsic, TypeErrorIntrinsic } from "../intrinsics.ts";
import type { Realm } from "../node/realm.ts";
import { fetchClasses } from "./classes.ts";
import type { EgressErrors } from "./errors.ts";
import type { Exchange, Exchanges } from "./exchange.ts";
import { answerHere, failed } from "./local.ts";
import { cancel, readBody, readHead, type RequestBody } from "./request.ts";
import { createAnswered } from "./response.ts";

export type Fetch = (input: unknown, init?: unknown) => Promise<Response>;

export interface FetchParts {
  calls: Calls;
  exchanges: Exchanges;
  errors: EgressErrors;
  realm: () => Realm;
}

export function createFetch(parts: FetchParts): Fetch {
  // Its length is Node's.
  return function fetch(input: unknown, ...[init]: [init?: unknown]) {
    // What is thrown in here rejects the promise.
    return new PromiseIntrinsic((resolve, reject) =>
      send(parts, input, init, { resolve, reject }),
    );
  };
}

interface Settle {
  resolve: (response: Response | Promise<Response>) => void;
  reject: (reason: unknown) => void;
}

function send(
  { calls, exchanges, errors, realm: realmOf }: FetchParts,
  input: unknown,
  init: unknown,
  { resolve, reject }: Settle,
): void {
  const call = calls.current();
  const realm = realmOf();
  const classes = fetchClasses(realm);
  const request = new classes.Request(input, init);
  const inner = classes.getRequestState(request);
  const { signal } = request;
  if (signal.aborted) {
    if (inner.body) cancel(inner.body.stream, signal.reason);
    throw signal.reason;
  }
  const local = answerHere(realm, classes, inner);
  if (local) {
    resolve(local);
    return;
  }
  if (classes.requestBadPort(inner) === "blocked") throw failed("bad port");
  const head = readHead(classes, inner);
  const watch = watchSignal(signal, () =>
    classes.removeRequestAbortListener(request),
  );
  const leave = (body: RequestBody) => {
    // Last of what may fail: until here the guest's own code ran, and may have sent requests.
    checkMaySend(calls, call, errors);
    const exchange: Exchange = exchanges.open(
      call,
      { ...head, ...body },
      {
        head: (answer) =>
          resolve(
            createAnswered({ realm, classes, inner, answer, exchange, signal }),
          ),
        failed: reject,
        ended: watch.end,
      },
    );
    watch.whenAborted((reason) => exchange.abort(reason));
  };
  watch.whenAborted(reject);
  const body = readBody(inner.body, calls.limits, signal);
  if (!(body instanceof PromiseIntrinsic)) {
    leave(body);
    return;
  }
  // A stream: it is read to its end, for the broker takes whole bodies.
  body
    .then((whole) => {
      if (!signal.aborted) leave(whole);
    })
    .catch((reason: unknown) => {
      watch.end();
      reject(reason);
    });
}

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

interface SignalWatch {
  /** What an abort does from now on. */
  whenAborted: (abort: (reason: unknown) => void) => void;
  /** The signal is no longer watched. */
  end: () => void;
}

function watchSignal(signal: AbortSignal, ended: () => void): SignalWatch {
  let abort: ((reason: unknown) => void) | undefined;
  const listener = () => abort?.(signal.reason);
  signal.addEventListener("abort", listener);
  return {
    whenAborted: (work) => {
      abort = work;
    },
    end: () => {
      signal.removeEventListener("abort", listener);
      ended();
    },
  };
}
