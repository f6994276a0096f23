/** Loads, and says what it cannot do when it is used. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(
    parts,
    "ffi",
    "an extension runs in an isolate without native code",
  );
}
