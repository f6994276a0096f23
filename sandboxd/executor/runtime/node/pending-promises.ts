/** Whether a promise of a writable stream's still waits: Node's library asks V8, a realm can only remember. */
import {
  createNotes,
  defineProperty,
  dictionary,
  isObject,
  valueProperty,
} from "../intrinsics.ts";
import type { Exports, Primordials } from "./realm.ts";

/** The module whose promises are asked about, and the one that asks. */
const asked = "internal/webstreams/writablestream";
const asks = "internal/webstreams/util";

export interface PendingPromises {
  /** What a module is given to make promises with. */
  primordialsFor: (id: string) => Primordials;
  /** Puts the answer into the module that asks. */
  complete: (id: string, exports: Exports) => void;
}

interface Resolvers {
  promise: Promise<unknown>;
  resolve: (value: unknown) => void;
  reject: (reason: unknown) => void;
}

export function createPendingPromises(
  primordials: Primordials,
): PendingPromises {
  const waiting = createNotes<boolean>();
  let watched: Primordials | undefined;
  return {
    primordialsFor: (id) =>
      id === asked ? (watched ??= watching(primordials, waiting)) : primordials,
    complete: (id, exports) => {
      if (id === asks)
        exports["isPromisePending"] = (promise: unknown) =>
          isObject(promise) && waiting.get(promise) === true;
    },
  };
}

function watching(
  primordials: Primordials,
  waiting: ReturnType<typeof createNotes<boolean>>,
): Primordials {
  const PromiseWithResolvers = primordials["PromiseWithResolvers"];
  const values = dictionary<unknown>();
  Object.setPrototypeOf(values, primordials);
  const create = (): Resolvers => {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion, typescript/no-unsafe-call -- the language's own
    const made = (PromiseWithResolvers as () => Resolvers)();
    const { promise, resolve, reject } = made;
    waiting.set(promise, true);
    return {
      promise,
      resolve: (value) => {
        waiting.set(promise, false);
        resolve(value);
      },
      reject: (reason) => {
        waiting.set(promise, false);
        reject(reason);
      },
    };
  };
  defineProperty(values, "PromiseWithResolvers", valueProperty(create));
  return values;
}
