/** No database in the isolate. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(
    parts,
    "sqlite",
    "an extension has no database of its own",
  );
}
