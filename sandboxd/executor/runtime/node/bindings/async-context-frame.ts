/** Where AsyncLocalStorage keeps its stores: what the runtime carries from callback to callback. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding({ runtime }: RealmParts): Exports {
  const { current, set } = runtime.asyncContext;
  return {
    getContinuationPreservedEmbedderData: current,
    setContinuationPreservedEmbedderData: set,
  };
}
