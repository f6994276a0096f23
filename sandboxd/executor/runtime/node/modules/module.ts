/** Node's loader as programs know it: the modules of Node itself. Those of the author are in the bundle. */
import type { Exports, RealmParts } from "../realm.ts";
import { unavailableModule } from "../unavailable.ts";

const reason = "an extension's modules are bundled when it is published";

interface Builtins {
  isBuiltin: (id: string) => boolean;
  normalizeRequirableId: (id: string) => string | undefined;
  getCanBeRequiredByUsersWithoutSchemeList: () => string[];
  getSchemeOnlyModuleNames: () => string[];
}

export function createModule(parts: RealmParts): Exports {
  const { require } = parts;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- ours, beside this file
  const { BuiltinModule } = require("internal/bootstrap/realm") as {
    BuiltinModule: Builtins;
  };
  const load = (id: unknown): unknown => {
    if (typeof id !== "string" || id === "") throw wrongId(id);
    const known = BuiltinModule.isBuiltin(id)
      ? BuiltinModule.normalizeRequirableId(id)
      : undefined;
    if (known === undefined) throw notFound(id);
    return require(known);
  };
  const resolve = (id: string) => {
    if (!BuiltinModule.isBuiltin(id)) throw notFound(id);
    return id;
  };
  const cache = {};
  const createRequire = (from: unknown) => {
    checkFrom(from);
    return Object.assign((id: unknown) => load(id), {
      resolve: Object.assign(resolve, { paths: () => null }),
      main: undefined,
      extensions: {},
      cache,
    });
  };
  const wrapper = [
    "(function (exports, require, module, __filename, __dirname) { ",
    "\n});",
  ] as const;

  const Module = moduleClass();
  Module.prototype.require = load;
  const members = unavailableModule(parts, "module", reason, {
    Module,
    builtinModules: [
      ...BuiltinModule.getCanBeRequiredByUsersWithoutSchemeList(),
      ...BuiltinModule.getSchemeOnlyModuleNames().map((id) => `node:${id}`),
    ],
    isBuiltin: (id: unknown) =>
      typeof id === "string" && BuiltinModule.isBuiltin(id),
    createRequire,
    wrap: (text: string) => wrapper[0] + text + wrapper[1],
    wrapper,
    globalPaths: [],
    _cache: cache,
    _pathCache: {},
    _extensions: { ".js": undefined, ".json": undefined, ".node": undefined },
    _load: load,
    _resolveFilename: resolve,
    _nodeModulePaths: () => [],
    _resolveLookupPaths: () => [],
    _findPath: () => false,
    _initPaths: () => undefined,
    _preloadModules: () => undefined,
    syncBuiltinESMExports: () => undefined,
    findSourceMap: () => undefined,
    findPackageJSON: () => undefined,
    enableCompileCache: () => ({ status: 3 }),
    getCompileCacheDir: () => undefined,
    flushCompileCache: () => undefined,
    getSourceMapsSupport: () => ({
      enabled: false,
      nodeModules: false,
      generatedCode: false,
    }),
    setSourceMapsSupport: () => undefined,
    runMain: () => undefined,
  });
  return Object.assign(Module, members);
}

function notFound(id: string): Error {
  return Object.assign(new Error(`Cannot find module '${id}'`), {
    code: "MODULE_NOT_FOUND",
    requireStack: [],
  });
}

function wrongId(id: unknown): Error {
  const words =
    id === ""
      ? "The argument 'id' must be a non-empty string. Received ''"
      : `The "id" argument must be of type string. Received ${typeof id}`;
  const code = id === "" ? "ERR_INVALID_ARG_VALUE" : "ERR_INVALID_ARG_TYPE";
  return Object.assign(new TypeError(words), { code });
}

function checkFrom(from: unknown): void {
  const text = from instanceof URL ? from.href : String(from);
  if (text.startsWith("/") || text.startsWith("file:")) return;
  const words = `The argument 'filename' must be a file URL object, file URL string, or absolute path string. Received '${text}'`;
  throw Object.assign(new TypeError(words), { code: "ERR_INVALID_ARG_VALUE" });
}

function moduleClass() {
  return function Module(this: Exports, id = "", parent?: unknown) {
    this["id"] = id;
    this["path"] = "/";
    this["exports"] = {};
    this["parent"] = parent;
    this["filename"] = null;
    this["loaded"] = false;
    this["children"] = [];
    this["paths"] = [];
  };
}
