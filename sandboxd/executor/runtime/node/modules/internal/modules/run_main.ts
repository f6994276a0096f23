/** Nobody starts a program by its file here; see module.ts. */
import type { Exports, RealmParts } from "../../../realm.ts";

export function createModule(_parts: RealmParts): Exports {
  return { executeUserEntryPoint: undefined };
}
