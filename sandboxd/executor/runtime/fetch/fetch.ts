/** `fetch`, over the executor: requests of the invocation that runs, within its bounds. */
import type { Call, Calls } from "../calls.ts";
import { checkMayLeave, type Outward } from "../egress.ts";
import { PromiseIntrinsic } from "../intrinsics.ts";
import type { Realm } from "../node/realm.ts";
import {
  fetchClasses,
  type FetchClasses,
  type InnerRequest,
  type InnerResponse,
} from "./classes.ts";
import type { EgressErrors } from "./errors.ts";
import type { Exchange, Exchanges } from "./exchange.ts";
import { canBeSentAgain, enterHop, followRedirect } from "./hops.ts";
import { answerHere, failed } from "./local.ts";
import {
  cancel,
  noBody,
  readBody,
  readHead,
  type RequestBody,
  type RequestHead,
} from "./request.ts";
import { createAnswered, innerResponse } from "./response.ts";

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
  parts: FetchParts,
  input: unknown,
  init: unknown,
  settle: Settle,
): void {
  const call = parts.calls.current();
  const realm = parts.realm();
  const classes = fetchClasses(realm);
  const request = new classes.Request(input, init);
  const inner = classes.getRequestState(request);
  const { signal } = request;
  if (signal.aborted) {
    if (inner.body) cancel(inner.body.stream, signal.reason);
    throw signal.reason;
  }
  if (inner.origin === "client") inner.origin = inner.client?.origin;
  const local = answerHere(realm, classes, inner);
  if (local) {
    settle.resolve(local);
    return;
  }
  enterHop(classes, inner);
  const head = readHead(classes, inner);
  const watch = watchSignal(signal, () =>
    classes.removeRequestAbortListener(request),
  );
  const journey = { call, realm, classes, inner, signal, watch, settle };
  watch.whenAborted(settle.reject);
  const body = readBody(inner.body, {
    host: realm.host,
    limits: parts.calls.limits,
    signal,
  });
  if (!(body instanceof PromiseIntrinsic)) {
    leave(parts, journey, head, body);
    return;
  }
  // A stream: it is read to its end, for the broker takes whole bodies.
  body
    .then((whole) => {
      if (!signal.aborted) leave(parts, journey, head, whole);
    })
    .catch((reason: unknown) => {
      watch.end();
      settle.reject(reason);
    });
}

/** A request on its way, over all its redirects. */
interface Journey {
  call: Call;
  realm: Realm;
  classes: FetchClasses;
  inner: InnerRequest;
  signal: AbortSignal;
  watch: SignalWatch;
  settle: Settle;
  /** Was told that it came to the wrong server, and went once more. */
  isRetried?: boolean;
}

function leave(
  parts: FetchParts,
  journey: Journey,
  head: RequestHead,
  body: RequestBody,
): void {
  const { call, realm, classes, inner, signal, watch, settle } = journey;
  // Last of what may fail: until here the guest's own code ran, and may have sent requests.
  checkMayLeave(parts.calls, call, parts.errors, requests);
  let isLeft = false;
  const exchange: Exchange = parts.exchanges.open(
    call,
    { ...head, ...body },
    {
      head: (answer) => {
        const response = innerResponse(classes, inner, answer);
        try {
          if (goesOn(parts, journey, response)) {
            isLeft = true;
            exchange.abort(undefined);
            const isBodiless = inner.body === null;
            const next = readHead(classes, inner);
            leave(parts, journey, next, isBodiless ? noBody : body);
            return;
          }
        } catch (error) {
          isLeft = true;
          exchange.abort(error);
          watch.end();
          settle.reject(error);
          return;
        }
        settle.resolve(
          createAnswered({ realm, classes, inner, response, exchange, signal }),
        );
      },
      failed: settle.reject,
      ended: () => {
        if (!isLeft) watch.end();
      },
    },
  );
  watch.whenAborted((reason) => exchange.abort(reason));
}

/** Whether the answer leads to another request, which `inner` then is; throws what comes of no answer. */
function goesOn(
  { errors }: FetchParts,
  journey: Journey,
  response: InnerResponse,
): boolean {
  const { classes, inner } = journey;
  if (response.status === 407) throw failed("");
  if (followRedirect(classes, errors, inner, response)) {
    enterHop(classes, inner);
    journey.isRetried = false;
    return true;
  }
  const isMisdirected = response.status === 421 && !journey.isRetried;
  journey.isRetried = isMisdirected && canBeSentAgain(inner.body);
  return journey.isRetried;
}

const requests: Outward = {
  topLevel: "fetch works in an invocation only",
  answered: "may send no more requests",
  open: "requests",
  all: "timers and requests",
};

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
