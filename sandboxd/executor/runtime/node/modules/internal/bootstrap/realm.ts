/** Node's loader of its own modules, as its library knows it. */
import type { Exports, RealmParts } from "../../../realm.ts";

const scheme = "node:";

export function createModule({
  loadScript,
  internalBinding,
  require,
}: RealmParts): Exports {
  const facts = loadScript("facts:public_modules");
  const found: unknown = typeof facts === "function" ? facts() : {};
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build wrote it
  const publicModules = found as Record<string, { hasScheme: boolean }>;
  const names = Object.keys(publicModules);
  const publicNames = new Set(names);
  const canBeRequiredByUsers = (id: string) => publicNames.has(id);
  const canBeRequiredWithoutScheme = (id: string) =>
    publicModules[id]?.hasScheme === false;
  const withoutScheme = () => names.filter(canBeRequiredWithoutScheme);
  const schemeOnly = names.filter((id) => !canBeRequiredWithoutScheme(id));

  class BuiltinModule {
    static readonly exists = (id: string) =>
      publicNames.has(id) || id.startsWith("internal/");
    static readonly canBeRequiredByUsers = canBeRequiredByUsers;
    static readonly canBeRequiredWithoutScheme = canBeRequiredWithoutScheme;
    static readonly normalizeRequirableId = (id: string) => {
      if (!id.startsWith(scheme))
        return canBeRequiredWithoutScheme(id) ? id : undefined;
      const bare = id.slice(scheme.length);
      return canBeRequiredByUsers(bare) ? bare : undefined;
    };
    static readonly isBuiltin = (id: string) =>
      canBeRequiredWithoutScheme(id) ||
      (typeof id === "string" &&
        id.startsWith(scheme) &&
        canBeRequiredByUsers(id.slice(scheme.length)));
    static readonly getSchemeOnlyModuleNames = () => schemeOnly;
    static readonly getCanBeRequiredByUsersWithoutSchemeList = withoutScheme;
    static readonly getAllBuiltinModuleIds = () => [
      ...withoutScheme(),
      ...schemeOnly.map((id) => scheme + id),
    ];
    static readonly map = new Map(
      names.map((id) => [id, new BuiltinModule(id)]),
    );

    readonly id: string;
    exports: unknown = undefined;

    constructor(id: string) {
      this.id = id;
    }

    get loaded(): boolean {
      return this.exports !== undefined;
    }

    compileForPublicLoader(): unknown {
      return (this.exports = require(this.id));
    }

    /** For what imports by name, of which there is nothing here. */
    syncExports(): void {}
  }
  return { BuiltinModule, internalBinding, require };
}
