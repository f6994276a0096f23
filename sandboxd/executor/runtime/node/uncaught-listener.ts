/**
 * Node's way with what nobody caught: its events on `process`, and the callbacks that come before them. It is begun by the
 * first who listens.
 */
import type { Exports, RealmParts } from "./realm.ts";

type Callback = (thrown: unknown) => unknown;

/** Who listens to one of these wants to hear of promises too. */
const events = new Set<unknown>([
  "uncaughtException",
  "uncaughtExceptionMonitor",
  "unhandledRejection",
  "rejectionHandled",
]);

export interface UncaughtParts {
  /** Told of each event that somebody comes to listen to. */
  listening: (event: unknown) => void;
  /** Of `process`. */
  methods: Exports;
}

export function createUncaughtParts(parts: RealmParts): UncaughtParts {
  const { require } = parts;
  let capture: Callback | null = null;
  const others: Callback[] = [];
  let hasBegun = false;
  const begin = () => {
    if (hasBegun) return;
    hasBegun = true;
    listen(parts, () => ({ capture, others }));
  };
  const codeError = (code: string, ...parameters: unknown[]): unknown =>
    Reflect.construct(
      Object(Reflect.get(Object(require("internal/errors")["codes"]), code)),
      parameters,
    );
  return {
    listening: (event) => {
      if (events.has(event)) begin();
    },
    methods: {
      setUncaughtExceptionCaptureCallback(callback: unknown) {
        if (callback === null) {
          capture = null;
          return;
        }
        if (!isCallback(callback))
          throw codeError(
            "ERR_INVALID_ARG_TYPE",
            "fn",
            ["Function", "null"],
            callback,
          );
        if (capture !== null)
          throw codeError("ERR_UNCAUGHT_EXCEPTION_CAPTURE_ALREADY_SET");
        capture = callback;
        begin();
      },
      addUncaughtExceptionCaptureCallback(callback: unknown) {
        if (!isCallback(callback))
          throw codeError("ERR_INVALID_ARG_TYPE", "fn", "Function", callback);
        others.push(callback);
        begin();
      },
      hasUncaughtExceptionCaptureCallback: () => capture !== null,
    },
  };
}

function listen(
  { require, internalBinding, process, runtime }: RealmParts,
  callbacks: () => { capture: Callback | null; others: readonly Callback[] },
): void {
  const promises = require("internal/process/promises");
  const call = (name: string, ...parameters: unknown[]): unknown =>
    Reflect.apply(Object(promises[name]), undefined, parameters);
  const emit = (...parameters: unknown[]) =>
    Boolean(
      Reflect.apply(Object(Reflect.get(process, "emit")), process, parameters),
    );
  call("listenForRejections");
  const { tellRejection, promiseRejectEvents } = internalBinding("task_queue");
  const { kPromiseRejectWithNoHandler, kPromiseHandlerAddedAfterReject } =
    Object(promiseRejectEvents);
  const tell = (event: unknown, promise: object, reason?: unknown) =>
    void Reflect.apply(Object(tellRejection), undefined, [
      event,
      promise,
      reason,
    ]);
  runtime.uncaught.listen({
    rejected: (promise, reason) =>
      tell(kPromiseRejectWithNoHandler, promise, reason),
    handled: (promise) => tell(kPromiseHandlerAddedAfterReject, promise),
    areWaiting: () => Boolean(call("hasRejectionToWarn")),
    tell: () => {
      call("setHasRejectionToWarn", false);
      call("processPromiseRejections");
    },
    take: (thrown, isRejection) => {
      const origin = isRejection ? "unhandledRejection" : "uncaughtException";
      emit("uncaughtExceptionMonitor", thrown, origin);
      const { capture, others } = callbacks();
      if (capture) {
        capture(thrown);
        return true;
      }
      return (
        others.toReversed().some((other) => other(thrown) === true) ||
        emit("uncaughtException", thrown, origin)
      );
    },
  });
}

function isCallback(value: unknown): value is Callback {
  return typeof value === "function";
}
