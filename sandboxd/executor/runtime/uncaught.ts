/**
 * What is thrown or rejected where nobody waits for it: the guest's own listeners are asked first, as Node asks them. They
 * are Node's library's to know; until somebody listens, nothing of it is loaded for this.
 */
import type { Call, Calls } from "./calls.ts";
import { flattenError } from "./errors.ts";
import {
  defineProperty,
  ErrorIntrinsic,
  indexInText,
  isObject,
  parse,
  promiseThen,
  PromiseIntrinsic,
  readProperty,
} from "./intrinsics.ts";
import { exitWords } from "./process.ts";
import { watchPromises, type PromiseListener } from "./promise-watch.ts";

/** Node's way with them. */
export interface UncaughtListener extends PromiseListener {
  /** Whether somebody took it. What a listener throws is thrown. */
  take: (thrown: unknown, isRejection: boolean) => boolean;
  /** Whether rejections wait to be told. */
  areWaiting: () => boolean;
  tell: () => void;
}

export interface Uncaught {
  /** From now on it is asked. */
  readonly listen: (listener: UncaughtListener) => void;
  /** Whether the guest took what was thrown. */
  readonly take: (thrown: unknown, isRejection: boolean) => boolean;
  /** Takes a rejection that was only seen outside, as far as it could be told; false where nobody listens. */
  readonly reject: (reason: () => unknown) => boolean;
  /** A rejection that nobody takes is a line of the log. */
  readonly log: (reason: unknown) => void;
  readonly rejections: { areWaiting: () => boolean; tell: () => void };
}

export function createUncaught(calls: Calls): Uncaught {
  let listener: UncaughtListener | undefined;
  return {
    listen: (found) => {
      if (listener) return;
      listener = found;
      watchPromises({
        rejected: (promise, reason) => {
          if (!isExit(reason)) found.rejected(promise, reason);
        },
        handled: found.handled,
      });
    },
    take: (thrown, isRejection) =>
      listener !== undefined &&
      !isExit(thrown) &&
      listener.take(thrown, isRejection),
    reject: (reasonOfIt) => {
      if (!listener) return false;
      const reason = reasonOfIt();
      if (isExit(reason)) return false;
      const promise = PromiseIntrinsic.reject(reason);
      promiseThen(promise, undefined, () => undefined);
      listener.rejected(promise, reason);
      return true;
    },
    log: (reason) => calls.late?.(reason, "Unhandled rejection: "),
    rejections: {
      areWaiting: () => listener?.areWaiting() ?? false,
      tell: () => listener?.tell(),
    },
  };
}

/** What ends a call by `process.exit` is no failure to listen to. */
export function isExit(thrown: unknown): boolean {
  return indexInText(flattenError(thrown).message, exitWords) >= 0;
}

/** Fails a call by what was thrown where nobody waits, unless the guest takes it; what its listener throws fails it too. */
export function failUncaught(
  { calls, uncaught }: { calls: Calls; uncaught: Uncaught },
  call: Call,
  thrown: unknown,
): void {
  try {
    if (uncaught.take(thrown, false)) return;
  } catch (failure) {
    calls.failThrown(call, "threw", failure);
    return;
  }
  calls.failThrown(call, "threw", thrown);
}

/** As version.ts outside writes it. */
export function reasonOf(json: string): unknown {
  const told = parse(json);
  if (!isObject(told)) return told;
  const error = new ErrorIntrinsic(String(readProperty(told, "message")));
  for (const name of ["name", "stack"] as const)
    defineProperty(error, name, {
      value: readProperty(told, name),
      writable: true,
      configurable: true,
    });
  return error;
}
