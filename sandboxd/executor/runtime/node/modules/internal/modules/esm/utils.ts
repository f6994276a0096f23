/** Under which conditions a package's exports are found: what is loaded here is CommonJS. */
import type { Exports, RealmParts } from "../../../../realm.ts";

const defaultConditions = ["node", "import", "module-sync", "node-addons"];

export function createModule(_parts: RealmParts): Exports {
  return {
    getDefaultConditions: () => defaultConditions,
    getConditionsSet: (conditions: string[] = defaultConditions) =>
      new Set(conditions),
  };
}
