import vm from "node:vm";
import { member, thrown, valuesOf, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "vm",
  checks: {
    ...valuesOf(vm, ["constants"]),
    Script: () => [
      new vm.Script("this.surfaceSum = 1 + 2").runInThisContext(),
      Reflect.get(globalThis, "surfaceSum"),
      Reflect.deleteProperty(globalThis, "surfaceSum"),
      Reflect.get(Object(thrown(() => new vm.Script("no code("))), "name"),
    ],
    "Script#runInThisContext": () => new vm.Script("6 * 7").runInThisContext(),
    "Script#runInContext": () => {
      const context = vm.createContext({ a: 2 });
      new vm.Script("b = a * 2").runInContext(context);
      return { ...context };
    },
    "Script#runInNewContext": () =>
      new vm.Script("a + 1").runInNewContext({ a: 1 }),
    createContext: () => {
      const sandbox = { a: 1 };
      const context = vm.createContext(sandbox);
      vm.runInContext("var c = a + 1; globalThis.d = [c];", context);
      return [
        context === sandbox,
        Object.keys(context),
        vm.runInContext("[] instanceof Array", context),
        vm.runInContext("Array", context) === Array,
      ];
    },
    createScript: () => member(vm, "createScript")("1 + 1").runInThisContext(),
    runInContext: () => {
      const context = vm.createContext({ n: 1 });
      return [
        vm.runInContext("n += 1", context),
        vm.runInContext("typeof require", context),
        Reflect.get(
          Object(thrown(() => vm.runInContext("none", context))),
          "name",
        ),
        Reflect.get(
          Object(
            thrown(() =>
              vm.runInContext("while (true);", context, { timeout: 20 }),
            ),
          ),
          "code",
        ),
      ];
    },
    runInNewContext: () => [
      vm.runInNewContext("a * 2", { a: 21 }),
      vm.runInNewContext("typeof process"),
    ],
    runInThisContext: () => [
      vm.runInThisContext("typeof globalThis.Buffer"),
      vm.runInThisContext("(() => 5)()", { filename: "named.js" }),
    ],
    isContext: () => [
      vm.isContext({}),
      vm.isContext(vm.createContext({})),
      thrown(() => member(vm, "isContext")(1)),
    ],
    compileFunction: () => {
      const made = vm.compileFunction("return a + this.b;", ["a"]);
      return [Reflect.apply(made, { b: 2 }, [1]), made.length];
    },
    measureMemory: () => thrown(() => member(vm, "measureMemory")(1)),
  },
};
