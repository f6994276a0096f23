/** No WebAssembly, and so none of its system interface. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(parts, "wasi", "an extension has no WebAssembly");
}
