/**
 * Node's own loader, over the files there are in memory. The author's modules are in the bundle, so what it finds beside
 * Node's are files that the program wrote itself.
 */
import type { Exports, RealmParts } from "../realm.ts";
import { refusal } from "../unavailable.ts";

interface Module {
  filename: string;
  paths: string[];
}

interface Loader {
  Module: Exports & {
    new (id: string, parent?: unknown): Module;
    _cache: Exports;
    _load: (...parameters: unknown[]) => unknown;
    _nodeModulePaths: (from: string) => string[];
  };
  initializeCJS: () => void;
}

/** What Node's `module` adds to the class, by the module of its library that has it. */
const added: Record<string, readonly string[]> = {
  "internal/source_map/source_map_cache": [
    "findSourceMap",
    "getSourceMapsSupport",
    "setSourceMapsSupport",
  ],
  "internal/source_map/source_map": ["SourceMap"],
  "internal/modules/helpers": [
    "constants",
    "enableCompileCache",
    "flushCompileCache",
    "getCompileCacheDir",
  ],
  "internal/modules/package_json_reader": ["findPackageJSON"],
};

export function createModule({
  require,
  runtime,
  process,
}: RealmParts): Exports {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node's own
  const loader = require("internal/modules/cjs/loader") as unknown as Loader;
  const { Module, initializeCJS } = loader;
  const { _cache: cache, _nodeModulePaths: pathsFrom } = Module;
  initializeCJS();
  const { fileName } = runtime.bundle();
  const main = new Module(".");
  main.filename = fileName.startsWith("/") ? fileName : `/${fileName}`;
  main.paths = pathsFrom("/");
  cache[main.filename] = main;
  Module["runMain"] = (file: string = main.filename) =>
    // Whatever the program has put in its place.
    Reflect.apply(Reflect.get(Module, "_load"), Module, [file, null, true]);
  for (const [id, names] of Object.entries(added)) {
    const exports = require(id);
    for (const name of names) Module[name] = exports[name];
  }
  Module["register"] = () => {
    throw refusal("module.register", "an extension runs in one thread");
  };
  Module["stripTypeScriptTypes"] = () => {
    throw refusal(
      "module.stripTypeScriptTypes",
      "an extension's types are stripped when it is published",
    );
  };
  process["mainModule"] = main;
  return Module;
}
