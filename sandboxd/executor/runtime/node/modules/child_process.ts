/** No processes. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(
    parts,
    "child_process",
    "an extension runs in an isolate without processes",
  );
}
