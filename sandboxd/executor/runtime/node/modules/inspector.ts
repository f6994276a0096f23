/** No inspector: what asks whether one is open is told that none is. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

const reason = "an extension cannot be inspected from within";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(parts, "inspector", reason, {
    url: () => undefined,
    close: () => undefined,
    console: parts.runtime.console(),
  });
}
