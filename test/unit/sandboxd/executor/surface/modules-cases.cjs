// Smaller modules, a call or two each.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const out = [];
  const t = (n, f) => {
    try {
      out.push([n, f()]);
    } catch (e) {
      out.push([n, "ERR", e.code, e.message]);
    }
  };
  const ta = async (n, f) => {
    try {
      out.push([n, await f()]);
    } catch (e) {
      out.push([n, "ERR", e.code, e.message]);
    }
  };
  const vm = require("vm"),
    os = require("os"),
    m = require("module"),
    rl = require("readline"),
    v8 = require("v8");
  t("vm1", () => vm.runInThisContext("1+1"));
  t("vm2", () => new vm.Script("globalThis.zz = 5; zz").runInThisContext());
  t("vm3", () => vm.runInThisContext("x y"));
  t("vm4", () => new vm.Script("var q = (;"));
  t("vm5", () => vm.compileFunction("return a + 1", ["a"])(2));
  t("vm6", () => vm.isContext({}));
  t("vm7", () => vm.Script.name);
  t("vmbad", () => vm.runInThisContext("1", 5));
  t("os", () => [
    os.EOL,
    os.endianness(),
    os.type(),
    os.platform(),
    os.tmpdir(),
    os.devNull,
    typeof os.totalmem(),
    Array.isArray(os.cpus()),
    os.constants.signals.SIGINT,
    os.constants.errno.ENOENT,
    typeof os.uptime(),
    os.loadavg().length,
    typeof os.userInfo().username,
    typeof os.networkInterfaces(),
    typeof os.hostname(),
    os.availableParallelism() >= 1,
  ]);
  t("ospri", () => os.setPriority("x"));
  t("isBuiltin", () => [
    m.isBuiltin("fs"),
    m.isBuiltin("node:fs"),
    m.isBuiltin("sqlite"),
    m.isBuiltin("node:sqlite"),
    m.isBuiltin("nope"),
  ]);
  t("builtin", () =>
    ["fs", "path", "util", "crypto"].every((x) => m.builtinModules.includes(x)),
  );
  t("createRequire", () => m.createRequire("/x/y.js")("fs") === require("fs"));
  t("createRequire2", () => m.createRequire("rel"));
  t("createRequire3", () => {
    try {
      m.createRequire("/x")("nope-x");
    } catch (e) {
      return e.code;
    }
  });
  t("Module", () => [m.Module === m, typeof m._load, m.wrap("x")]);
  await ta(
    "readline",
    () =>
      new Promise((r) => {
        const lines = [];
        rl.createInterface({
          input: require("stream").Readable.from(["a\nb", "\nc"]),
        })
          .on("line", (l) => lines.push(l))
          .on("close", () => r(lines));
      }),
  );
  await ta("readline2", async () => {
    const l = [];
    for await (const x of rl.createInterface({
      input: require("stream").Readable.from(["1\n2\n"]),
      crlfDelay: Infinity,
    }))
      l.push(x);
    return l;
  });
  t("qs", () => require("querystring").parse("a=1&b=2&a=3"));
  t("puny", () => require("punycode").toASCII("mañana.com"));
  t("v8", () => Object.keys(v8.getHeapStatistics()).length);
  t("v8b", () => v8.getHeapStatistics().heap_size_limit > 1e6);
  t("v8c", () => typeof v8.cachedDataVersionTag());
  t("v8s", () => v8.getHeapSpaceStatistics().length > 2);
  t("domain", () => {
    const d = require("domain").create();
    let e2;
    d.on("error", (e) => {
      e2 = e.message;
    });
    return [d.run(() => 7), d.bind((x) => x)(3)];
  });
  t("assert", () => {
    try {
      require("assert").deepStrictEqual({ a: 1 }, { a: 2 });
    } catch (e) {
      return [e.code, e.message];
    }
  });
  t("assertMessage", () => {
    try {
      require("assert").ok([1, ")"].length === 3);
    } catch (e) {
      return e.message;
    }
  });
  t("assert2", () => {
    try {
      require("assert")(false);
    } catch (e) {
      return [e.code, e.name];
    }
  });
  t("constants", () => require("constants").O_RDONLY);
  t("wt", () => {
    const w = require("worker_threads");
    return [w.isMainThread, w.threadId, w.parentPort, w.workerData];
  });
  t("cl", () => {
    const c = require("cluster");
    return [c.isPrimary, c.isWorker, c.isMaster, typeof c.on];
  });
  t("tr", () => require("trace_events").getEnabledCategories());
  for (const path of [
    "\\\\?\\C:\\to\\file.txt",
    "\\\\server\\share\\a b",
    "\\\\a#b\\c",
    "C:\\a#b?c",
  ])
    t(
      `file URL of ${path}`,
      () => require("url").pathToFileURL(path, { windows: true }).href,
    );
  const withSymbol = Object.assign([1], { [Symbol("s")]: 1 });
  const withName = Object.assign([1], { name: 1 });
  const alike = [
    [[1], [1]],
    [[1], ["1"]],
    [[], []],
    [
      [1, { a: [2] }],
      [1, { a: [2] }],
    ],
    [[1], [2]],
    [[1], withSymbol],
    [[1], withName],
    [withName, Object.assign([1], { name: "1" })],
    [new Uint8Array(1), new Uint8Array(1)],
    [new Map([[1, [2]]]), new Map([[1, [2]]])],
  ];
  for (const name of ["deepEqual", "deepStrictEqual", "notDeepEqual"])
    for (const [at, [one, other]] of alike.entries())
      t(`${name} ${at}`, () => require("assert")[name](one, other));
  t("no break iterator", () => "v8BreakIterator" in Intl);
  t("insp", () => require("inspector").url());
  t("env", () => {
    const w = require("worker_threads");
    w.setEnvironmentData("a", 1);
    return w.getEnvironmentData("a");
  });
  t("http2c", () => require("http2").constants.HTTP2_HEADER_STATUS);
  t("console", () => require("console") === console);
  await ta("Console", () => {
    const { Writable } = require("stream");
    let s = "";
    const w = new Writable({
      write(c, e, d) {
        s += c;
        d();
      },
    });
    const c = new console.Console(w);
    c.log({ a: 1 }, "x");
    c.error("e");
    c.table([[1]]);
    return s;
  });
  t("consoleinst", () => [
    console instanceof console.Console,
    Object.prototype.toString.call(console),
  ]);
  t("inspectTimer", () => Object.keys(setImmediate(() => {})).slice(0, 5));
  t(
    "parseArgs",
    () =>
      require("util").parseArgs({
        args: ["-f", "--bar", "b"],
        options: {
          f: { type: "boolean", short: "f" },
          bar: { type: "string" },
        },
      }).values,
  );
  await ta("once", () => {
    const e = new (require("events"))();
    setTimeout(() => e.emit("x", 1), 1);
    return require("events").once(e, "x");
  });
  const nameOf = ({ name }) => name;
  t("names of methods", () =>
    [Buffer, require("stream").Writable, require("url").Url].map((of) =>
      Object.values(of.prototype)
        .filter((value) => typeof value === "function")
        .map(nameOf)
        // A few that the library has twice are told apart by a number.
        .filter((name) => !/once|Count|getMax|transcode/.test(name)),
    ),
  );
  for (const id of ["fs", "crypto", "zlib"])
    t(`constants of ${id} stay`, () => {
      const { constants } = require(id);
      const [name] = Object.keys(constants);
      const { writable, configurable } = Object.getOwnPropertyDescriptor(
        constants,
        name,
      );
      return [
        name,
        writable,
        configurable,
        Object.getPrototypeOf(constants),
        Object.isExtensible(constants),
      ];
    });
  t("no chunk is too large", () =>
    String(require("zlib").constants.Z_MAX_CHUNK),
  );
  t("signals", () => [
    Object.getPrototypeOf(os.constants.signals),
    Object.isFrozen(os.constants.signals),
    os.constants.priority,
  ]);
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const { inspect } = require("util");
  t("a revoked proxy", () => inspect([proxy, { proxy }]));
  t("a revoked proxy in full", () => inspect(proxy, { showProxy: true }));
  const { URL: ModuleURL, URLPattern } = require("url");
  t("an address of an object", () => typeof ModuleURL.createObjectURL);
  for (const name of ["exec", "test"])
    t(`a pattern's ${name}`, () => URLPattern.prototype[name].call({}, {}));
  t("a pattern's part", () =>
    Object.getOwnPropertyDescriptor(URLPattern.prototype, "pathname").get.call(
      {},
    ),
  );
  const { hash, scryptSync } = require("crypto");
  t("no XOF", () => hash("sha224", "", { outputLength: 32 }));
  t("an XOF", () => hash("shake128", "", { outputLength: 3 }));
  t("scrypt past its memory", () =>
    scryptSync("p", "s", 8, { N: 2, r: 1, p: 2 ** 30 }),
  );
  t("scrypt past its default memory", () =>
    scryptSync("p", "s", 8, { N: 2 ** 20, r: 8, p: 1, maxmem: 0 }),
  );
  t("ports of contexts", () =>
    require("worker_threads").moveMessagePortToContext(1),
  );
  return out;
};
