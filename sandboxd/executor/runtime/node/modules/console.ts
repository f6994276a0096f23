/** The module `console` is the global. */
import type { Exports, RealmParts } from "../realm.ts";

export function createModule({ runtime }: RealmParts): Exports {
  return runtime.console();
}
