/** What Node makes its global of. */
import type { Exports, RealmParts } from "../../../realm.ts";

export function createModule({ runtime }: RealmParts): Exports {
  return runtime.console();
}
