/** Nobody types. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(
    parts,
    "repl",
    "an extension has nobody to talk to",
    {
      REPL_MODE_SLOPPY: Symbol("repl-sloppy"),
      REPL_MODE_STRICT: Symbol("repl-strict"),
    },
  );
}
