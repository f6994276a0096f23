// Node's loader over files that the program wrote.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const Module = require("module");
  const fs = require("fs");
  const out = [];
  const t = (n, f) => {
    try {
      out.push([n, f() ?? null]);
    } catch (e) {
      out.push([n, "ERR", e.name, e.code, e.message]);
    }
  };
  const root = fs.mkdtempSync("/tmp/loader-");
  const write = (name, text) => fs.writeFileSync(`${root}/${name}`, text);
  const within = (text) => String(text).replaceAll(root, "ROOT");
  fs.mkdirSync(`${root}/node_modules/pkg`, { recursive: true });
  write(
    "a.js",
    "exports.b = require('./b.json'); exports.p = require('pkg'); exports.main = require.main === module;",
  );
  write("b.json", '{"x": 1}');
  write("throws.js", "\n\nthrow new Error('no')");
  write(
    "node_modules/pkg/package.json",
    '{"name":"pkg","exports":{".":{"require":"./lib.cjs"}}}',
  );
  write("node_modules/pkg/lib.cjs", "module.exports = 'pkg!'");
  const req = Module.createRequire(`${root}/x.js`);
  t("builtins", () => Module.builtinModules);
  t("isBuiltin", () =>
    ["fs", "node:fs", "test", "node:test", "node:sqlite", "sqlite"].map((id) =>
      Module.isBuiltin(id),
    ),
  );
  t("requires", () => req("./a"));
  t("resolves", () => within(req.resolve("pkg")));
  t("caches", () =>
    Object.keys(req.cache)
      .filter((name) => name.startsWith(root))
      .map(within),
  );
  t("no subpath", () => {
    try {
      req("pkg/no");
    } catch (error) {
      return [error.code, within(error.message)];
    }
  });
  t("none", () => {
    try {
      req("surely-none");
    } catch (error) {
      return [
        error.code,
        within(error.message),
        error.requireStack.map(within),
      ];
    }
  });
  t("throws", () => {
    try {
      req("./throws");
    } catch (error) {
      return within(error.stack).includes("ROOT/throws.js:3:7");
    }
  });
  t("findPackageJSON", () =>
    within(Module.findPackageJSON("pkg", `file://${root}/x.js`)),
  );
  t("paths", () => Module._nodeModulePaths("/a/node_modules/b"));
  t("compiles", () => {
    const made = new Module(`${root}/y.js`);
    made._compile("module.exports = require('path').sep", `${root}/y.js`);
    return [made.exports, within(made.id), within(made.path), made.loaded];
  });
  t("stubs", () => {
    const load = Module._load;
    Module._load = function (id, ...rest) {
      return id === "stub"
        ? "stubbed"
        : Reflect.apply(load, this, [id, ...rest]);
    };
    try {
      return [req("stub"), req("./b.json")];
    } finally {
      Module._load = load;
    }
  });
  t("extensions", () => {
    Module._extensions[".txt"] = (module, file) => {
      module.exports = fs.readFileSync(file, "utf8").toUpperCase();
    };
    write("t.txt", "hello");
    return req("./t.txt");
  });
  t("hooks", () => {
    const hooks = Module.registerHooks({
      resolve: (name, context, next) =>
        name === "virtual:x"
          ? { url: name, format: "commonjs", shortCircuit: true }
          : next(name, context),
      load: (url, context, next) =>
        url === "virtual:x"
          ? {
              format: "commonjs",
              source: "module.exports = 5",
              shortCircuit: true,
            }
          : next(url, context),
    });
    try {
      return req("virtual:x");
    } finally {
      hooks.deregister();
    }
  });
  t("source map", () => {
    const map = new Module.SourceMap({
      version: 3,
      sources: ["in.js"],
      names: [],
      mappings: "AAAA;AACA",
    });
    return [map.findEntry(1, 0), map.findOrigin(2, 1)];
  });
  t("members", () => Object.keys(Module).toSorted());
  t("methods", () => Object.getOwnPropertyNames(Module.prototype).toSorted());
  for (const id of ["test", "sqlite", "sea", "surely-none"])
    t(id, () => {
      try {
        return typeof require(`${id}`);
      } catch (error) {
        return [error.code, error.message.split("\n")[0]];
      }
    });
  for (const id of ["sys", "path/posix", "_http_agent", "_tls_wrap", "wasi"])
    t(id, () => require(id) === require(`node:${id}`));
  fs.rmSync(root, { recursive: true });
  return out;
};
