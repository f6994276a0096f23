/** No tracing by Node's own means. */
import type { Exports, RealmParts } from "../realm.ts";

export function createBinding(_parts: RealmParts): Exports {
  return {
    available: false,
    hasAgent: () => false,
    trace: () => undefined,
    isTraceCategoryEnabled: () => false,
    setTraceCategoryStateUpdateHandler: () => undefined,
    getCategoryEnabledBuffer: () => new Uint8Array(1),
    getEnabledCategories: () => undefined,
    setLog: () => undefined,
  };
}
