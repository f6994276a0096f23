import module from "node:module";
import { devNull } from "node:os";
import { instance, member, thrown, type Surface } from "../check.ts";

const codeOf = (call: () => unknown) => {
  const found = Object(thrown(call));
  return Reflect.get(found, "code") ?? found;
};

export const surface: Surface = {
  module: "module",
  checks: {
    ...resolving(),
    ...modules(),
    builtinModules: () => module.builtinModules,
    isBuiltin: () =>
      ["fs", "node:fs", "node:test", "test", "none", "fs/promises"].map(
        (name) => module.isBuiltin(name),
      ),
    createRequire: () => {
      const require = module.createRequire("/app/index.js");
      return [
        require("path").basename("/a/b"),
        require.resolve("node:fs"),
        codeOf(() => require("surely-not-there")),
        thrown(() => module.createRequire("relative.js")),
      ];
    },
    syncBuiltinESMExports: () => module.syncBuiltinESMExports(),
    registerHooks: () => {
      const hooks = module.registerHooks({
        resolve: (name, context, next) => next(name, context),
      });
      return hooks.deregister();
    },
    register: () => thrown(() => member(module, "register")()),
    runMain: () =>
      codeOf(() => member(module, "runMain")("/surely/not/there.js")),
    constants: () => module.constants,
    enableCompileCache: () => {
      const { status } = module.enableCompileCache(devNull);
      return Object.values(module.constants.compileCacheStatus).includes(
        status,
      );
    },
    flushCompileCache: () => module.flushCompileCache(),
    getCompileCacheDir: () =>
      module.getCompileCacheDir()?.startsWith("/") ?? true,
    findPackageJSON: () => [
      module.findPackageJSON("..", "file:///surely/not/there/x.js"),
      thrown(() => member(module, "findPackageJSON")()),
    ],
    stripTypeScriptTypes: () => [
      module.stripTypeScriptTypes("const a: number = 1;"),
      codeOf(() => module.stripTypeScriptTypes("enum A { B }")),
    ],
    findSourceMap: () => module.findSourceMap("/surely/not/there.js"),
    SourceMap: () => {
      const map = new module.SourceMap({
        file: "out.js",
        version: 3,
        sources: ["in.js"],
        sourcesContent: ["a"],
        names: [],
        mappings: "AAAA;AACA",
        sourceRoot: "",
      });
      return [map.findEntry(1, 0), map.findOrigin(2, 1), map.payload.file];
    },
    getSourceMapsSupport: () => ({ ...module.getSourceMapsSupport() }),
    setSourceMapsSupport: () => [
      module.setSourceMapsSupport(false),
      thrown(() => member(module, "setSourceMapsSupport")(1)),
    ],
  },
};

function resolving(): Surface["checks"] {
  return {
    _nodeModulePaths: () => [
      member(module, "_nodeModulePaths")("/a/b/node_modules/c"),
      member(module, "_nodeModulePaths")("/"),
    ],
    _resolveLookupPaths: () => [
      member(module, "_resolveLookupPaths")("fs"),
      member(module, "_resolveLookupPaths")("./x", {
        filename: "/a/b.js",
        paths: [],
      }),
    ],
    _resolveFilename: () => [
      member(module, "_resolveFilename")("node:fs"),
      member(module, "_resolveFilename")("fs"),
      codeOf(() => member(module, "_resolveFilename")("surely-not-there")),
    ],
    _findPath: () => [
      member(module, "_findPath")("surely-not-there", ["/none"]),
      member(module, "_findPath")("/surely/not/there"),
    ],
    _load: () => [
      member(module, "_load")("path").basename("/a/b"),
      codeOf(() => member(module, "_load")("surely-not-there")),
    ],
    // Whoever runs a program has required at least it.
    _cache: () => Object.keys(Object(Reflect.get(module, "_cache"))).length > 0,
    _initPaths: () => member(module, "_initPaths")(),
    _preloadModules: () => member(module, "_preloadModules")([]),
    globalPaths: () => Array.isArray(Reflect.get(module, "globalPaths")),
  };
}

function modules(): Surface["checks"] {
  const made = () => instance(module, "Module", "/app/x.js", null);
  return {
    Module: () => {
      const one = made();
      return [
        one.id,
        one.path,
        one.loaded,
        one.exports,
        Reflect.get(module, "Module") === module,
      ];
    },
    _extensions: () => {
      const extensions = Object(Reflect.get(module, "_extensions"));
      const one = made();
      member(one, "_compile")("module.exports = 40 + 2;", "/app/x.js");
      return [Object.keys(extensions).slice(0, 3), one.exports];
    },
    "Module#require": () => [
      made().require("path").basename("/a/b"),
      codeOf(() => made().require("")),
      codeOf(() => made().require(1)),
    ],
    "Module#load": () => codeOf(() => made().load("/surely/not/there.js")),
    "Module#isPreloading": () => made().isPreloading,
    "Module#parent": () => made().parent,
  };
}
