/** No tracing by Node's own means: an invocation's trace is made outside. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

const reason = "an extension is traced from outside";

export function createModule(parts: RealmParts): Exports {
  return unavailableModule(parts, "trace_events", reason, {
    getEnabledCategories: () => undefined,
  });
}
