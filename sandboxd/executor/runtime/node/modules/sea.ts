/** An extension is no single executable. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(parts, "sea", "an extension is no executable", {
    isSea: () => false,
  });
}
