// Contexts, scripts and functions of `vm`.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const vm = require("vm");
  const out = [];
  const t = (n, f) => {
    try {
      out.push([n, f()]);
    } catch (e) {
      out.push([n, "ERR", e.name, e.code, e.message]);
    }
  };
  t("reads", () => vm.runInNewContext("a * 2", { a: 21 }));
  t("has no process", () => vm.runInNewContext("typeof process", {}));
  const sandbox = { a: 1, x: 7 };
  const c = vm.createContext(sandbox);
  t("is it", () => [c === sandbox, vm.isContext(c), vm.isContext({})]);
  t("declares", () =>
    vm.runInContext(
      "var c = a + 1; globalThis.d = [c]; imp = 4; function f() { return imp + c } var x = x || 9; f()",
      c,
    ),
  );
  t("gives back", () => [
    Object.keys(sandbox).toSorted(),
    sandbox.f(),
    sandbox.x,
  ]);
  sandbox.late = 3;
  t("sees later", () => vm.runInContext("f() + late + x", c));
  delete sandbox.late;
  t("forgets", () => vm.runInContext("typeof late", c));
  t("throws", () => vm.runInContext("none", c));
  t("own language", () => [
    vm.runInContext("[] instanceof Array", c),
    vm.runInContext("Array", c) === Array,
    vm.runInContext("this.zed = 5; zed", c),
    vm.runInContext(
      "Object.getOwnPropertyNames(globalThis).includes('Array')",
      c,
    ),
  ]);
  t("hides", () =>
    vm.runInNewContext("Date + '' + typeof Array + JSON", { Date: "mine" }),
  );
  t("shows again", () => {
    const own = vm.createContext({ Date: "mine" });
    delete own.Date;
    return vm.runInContext("typeof Date", own);
  });
  t("redefines", () => {
    const own = vm.createContext({ f: 1 });
    vm.runInContext("function f() { return 2 } var Map = 3", own);
    return [typeof own.f, own.Map, vm.runInContext("f() + Map", own)];
  });
  t("safe-eval", () => {
    const own = {};
    vm.runInNewContext("RESULT = (function () { return { n: k + 1 } })()", {
      k: 1,
      set RESULT(value) {
        own.value = value.n;
      },
    });
    return own;
  });
  t("inherits", () =>
    vm.runInNewContext("given + 1", Object.create({ given: 1 })),
  );
  t("calls out", () => {
    const seen = [];
    vm.runInNewContext("list.forEach((n) => push(n))", {
      list: [1, 2],
      push: (n) => seen.push(n),
    });
    return seen;
  });
  const later = vm.createContext({});
  await vm.runInContext("(async () => { await 1; told = 5; })()", later);
  t("later", () => later.told);
  t("functions", () => [
    Reflect.apply(
      vm.compileFunction("return a + b + this.c", ["a", "b"]),
      { c: 3 },
      [1, 2],
    ),
    vm.compileFunction("return a + z", ["a"], {
      parsingContext: vm.createContext({ z: 5 }),
    })(1),
  ]);
  t("no function", () => {
    try {
      vm.compileFunction("}); (function () {", []);
    } catch (error) {
      return error.name;
    }
  });
  t("evals inside", () => [
    vm.runInNewContext("eval('a') + new Function('return a')()", { a: 1 }),
    typeof vm.runInNewContext("() => eval('a')", { a: 1 })(),
  ]);
  t("places", () => {
    try {
      new vm.Script("\n\nthrow new TypeError('x')", {
        filename: "/a/mine.js",
        lineOffset: 10,
      }).runInContext(c);
    } catch (error) {
      return [error instanceof TypeError, /\/a\/mine\.js:13/.test(error.stack)];
    }
  });
  t("cached", () => {
    const cachedData = new vm.Script("1").createCachedData();
    const again = new vm.Script("1", { cachedData });
    return [again.cachedDataRejected, new vm.Script("1").cachedDataRejected];
  });
  t("constants", () => [
    Object.keys(vm.constants),
    Object.values(vm.constants).map(String),
  ]);
  t("the order of what comes to be", () => {
    const context = vm.createContext({ a: 1 });
    vm.runInContext(
      "globalThis.d = 1; var c = a + 1; e = 2; function f() {} var g; globalThis.h = [c, g];",
      context,
    );
    vm.runInContext("var i = 1; j = 2; var c = 3;", context);
    return [Object.keys(context), context.c, context.h, typeof context.f];
  });
  t("wrong", () => vm.runInContext("1", {}));
  t("wrong name", () => vm.createContext({}, { name: 1 }));
  return out;
};
