/** Node's loader as its library knows it. */
import type { Exports, RealmParts } from "../../../realm.ts";

const scheme = "node:";
/** Known only with their scheme. */
const schemeOnly = new Set(["sqlite", "test", "test/reporters", "sea"]);

export function createModule({
  loadScript,
  internalBinding,
  require,
}: RealmParts): Exports {
  const facts = loadScript("facts:public_modules");
  const names: unknown = typeof facts === "function" ? facts() : {};
  const publicNames = new Set(Object.keys(Object(names)));
  const canBeRequiredByUsers = (id: string) => publicNames.has(id);
  const canBeRequiredWithoutScheme = (id: string) =>
    publicNames.has(id) && !schemeOnly.has(id);
  const BuiltinModule = {
    exists: (id: string) => publicNames.has(id) || id.startsWith("internal/"),
    canBeRequiredByUsers,
    canBeRequiredWithoutScheme,
    normalizeRequirableId: (id: string) =>
      canBeRequiredByUsers(bare(id)) ? bare(id) : undefined,
    isBuiltin: (id: string) =>
      canBeRequiredWithoutScheme(id) ||
      (id.startsWith(scheme) && canBeRequiredByUsers(bare(id))),
    getSchemeOnlyModuleNames: () => [...schemeOnly],
    getAllBuiltinModuleIds: () => [...publicNames],
    getCanBeRequiredByUsersWithoutSchemeList: () =>
      [...publicNames].filter(canBeRequiredWithoutScheme),
  };
  return { BuiltinModule, internalBinding, require };
}

function bare(id: string): string {
  return id.startsWith(scheme) ? id.slice(scheme.length) : id;
}
