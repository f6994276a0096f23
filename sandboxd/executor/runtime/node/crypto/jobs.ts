/**
 * Jobs, as Node's library knows them. The work is done when one is made, for the host answers at once; what differs is
 * how the outcome is told: returned, handed to `ondone` later, or as the promise of WebCrypto.
 */
import { bufferOf, type Tools } from "./tools.ts";

/** Of Node's binding. */
export const syncMode = 1;
export const webMode = 2;

export type Work = (
  mode: unknown,
  ...parameters: readonly unknown[]
) => unknown;
export type JobClass = new (mode: unknown, ...parameters: unknown[]) => object;

/** What is wrong with the parameters is thrown at once, as by the constructors in Node. */
function isSetupError(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  const code: unknown = Reflect.get(error, "code");
  return (
    typeof code === "string" &&
    !code.startsWith("ERR_OSSL") &&
    code !== "ERR_CRYPTO_OPERATION_FAILED"
  );
}

export function jobClass({ parts }: Tools, work: Work): JobClass {
  const { soon } = parts.runtime;
  return class Job {
    ondone: unknown;
    readonly #mode: unknown;
    readonly #error: unknown;
    readonly #result: unknown;

    constructor(mode: unknown, ...parameters: unknown[]) {
      this.#mode = mode;
      try {
        this.#result = work(mode, ...parameters);
      } catch (error) {
        if (isSetupError(error)) throw error;
        this.#error = error;
      }
    }

    run(): unknown {
      if (this.#mode === syncMode) return [this.#error, this.#result];
      if (this.#mode === webMode)
        return this.#error === undefined
          ? Promise.resolve(this.#result)
          : Promise.reject(operationError(parts.require, this.#error));
      soon(() => {
        const { ondone } = this;
        if (typeof ondone === "function")
          Reflect.apply(ondone, this, [this.#error, this.#result]);
      });
      return undefined;
    }
  };
}

/** Bytes of the host's answer, as Node hands out those of jobs. */
export function arrayBuffer(bytes: unknown): ArrayBuffer {
  return bufferOf(bytes);
}

type MakeDomException = (message: string, options: object) => Error;

function operationError(
  require: Tools["parts"]["require"],
  cause: unknown,
): Error {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of Node's own library
  const make = require("internal/util")["lazyDOMException"] as MakeDomException;
  return make("The operation failed for an operation-specific reason", {
    name: "OperationError",
    cause,
  });
}
