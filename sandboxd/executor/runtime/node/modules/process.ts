/** The module `process` is the object itself. */
import type { Exports, RealmParts } from "../realm.ts";

export function createModule({ process }: RealmParts): Exports {
  return process;
}
