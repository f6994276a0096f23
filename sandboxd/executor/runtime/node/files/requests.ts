/** How Node's library asks the binding for something: now, with a request that is told later, or with a promise. */
import { createLater } from "../later.ts";
import type { RealmParts } from "../realm.ts";
import { FileProblem } from "./nodes.ts";

/** What an error says beside its code. */
export interface Told {
  syscall: string;
  path?: string | undefined;
  dest?: string | undefined;
}

export type Operation = (...parameters: never[]) => unknown;

export interface Requests {
  /** A function of the binding: after `count` parameters may come a request, or the symbol that wants a promise. */
  expose: (
    syscall: string,
    count: number,
    run: Operation,
    tell?: (...parameters: never[]) => Omit<Told, "syscall">,
  ) => (...parameters: unknown[]) => unknown;
  /** The same for one whose first parameter is an open file's number, of which Node's library leaves the check to it. */
  exposeNumbered: Requests["expose"];
  /** The same for one that has a mode of at most 7 among its parameters. */
  exposeModed: (
    at: number,
    ...described: Parameters<Requests["expose"]>
  ) => ReturnType<Requests["expose"]>;
  /** Runs work and gives its result or its error in Node's form. */
  attempt: <Result>(told: Told, work: () => Result) => Result;
  /** Runs work when what runs now, and what it put off, is over. */
  later: (work: () => void) => void;
  promise: unknown;
}

interface Request {
  oncomplete: (error: unknown, ...results: unknown[]) => void;
}

export function createRequests({
  require,
  internalBinding,
  runtime,
}: RealmParts): Requests {
  const promise = internalBinding("symbols")["fs_use_promises_symbol"];
  const { UVException } = errorsOf(require);
  /** Looked up when it is called: its module looks for this binding as it loads. */
  const checked = (number: unknown): number => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
    const { getValidatedFd } = require("internal/fs/utils") as Record<
      "getValidatedFd",
      (value: unknown) => number
    >;
    try {
      return getValidatedFd(number);
    } catch (thrown) {
      // Node's binding says the same, but its errors do not show their code.
      const { message, code }: Record<string, unknown> = Object(thrown);
      const Kind = thrown instanceof RangeError ? RangeError : TypeError;
      throw Object.assign(new Kind(String(message)), { code });
    }
  };
  const errorOf = (problem: FileProblem, told: Told): unknown => {
    const errno: unknown = internalBinding("uv")[`UV_${problem.errorName}`];
    return ordered(Reflect.construct(UVException, [{ errno, ...told }]));
  };
  const attempt: Requests["attempt"] = (told, work) => {
    try {
      return work();
    } catch (thrown) {
      throw thrown instanceof FileProblem ? errorOf(thrown, told) : thrown;
    }
  };
  const later = createLater(runtime);
  const complete = (request: Request, work: () => unknown) => {
    let error: unknown = null;
    let result: unknown;
    try {
      result = work();
    } catch (thrown) {
      error = thrown;
    }
    later(() => {
      // As Node's binding: what has no result is told of with nothing but the error.
      if (error !== null) request.oncomplete(error);
      else if (result === undefined) request.oncomplete(null);
      else request.oncomplete(null, result);
    });
  };
  const expose: Requests["expose"] =
    (syscall, count, run, tell) =>
    (...parameters) => {
      const request = parameters[count];
      const own = parameters.slice(0, count);
      const work = () =>
        attempt(
          { syscall, ...(tell && Reflect.apply(tell, undefined, own)) },
          () => Reflect.apply(run, undefined, parameters),
        );
      if (request === undefined || request === null) return work();
      if (request === promise)
        return new Promise((resolve, reject) => {
          try {
            const result = work();
            later(() => resolve(result));
          } catch (thrown) {
            later(() => reject(asError(thrown)));
          }
        });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own FSReqCallback
      complete(request as Request, work);
      return undefined;
    };
  return {
    promise,
    attempt,
    later,
    expose,
    exposeNumbered: (...described) => {
      const run = expose(...described);
      return (number, ...rest) => run(checked(number), ...rest);
    },
    exposeModed: (at, ...described) => {
      const run = expose(...described);
      return (...parameters) => {
        checkMode(parameters[at]);
        return run(...parameters);
      };
    },
  };
}

/** In the words of Node's binding. */
function checkMode(mode: unknown): void {
  if (mode === undefined || mode === null) return;
  const most = 7;
  if (typeof mode !== "number")
    throw Object.assign(new TypeError("mode must be int32 or null/undefined"), {
      code: "ERR_INVALID_ARG_TYPE",
    });
  if (mode > -1 && mode < most + 1) return;
  const words = Number.isFinite(mode) ? `: >= 0 && <= ${most}` : "";
  throw Object.assign(new RangeError(`mode is out of range${words}`), {
    code: "ERR_OUT_OF_RANGE",
  });
}

function errorsOf(require: RealmParts["require"]) {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  return require("internal/errors") as Record<
    "UVException",
    new (context: object) => object
  >;
}

const order = ["errno", "code", "syscall", "path", "dest"] as const;

/** Node's binding sets them in another order than its library, and they are printed. */
function ordered(error: object): object {
  for (const name of order) {
    const value: unknown = Reflect.get(error, name);
    if (value === undefined) continue;
    Reflect.deleteProperty(error, name);
    Reflect.set(error, name, value);
  }
  return error;
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
