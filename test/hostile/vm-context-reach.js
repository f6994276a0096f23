// expect: {"reached":[]}
// Whatever a context is given or gets hold of leads to its own Function or to that of the program: to no third realm.
const vm = require("vm");
const reached = [];
const seen = new Set();
const outer = globalThis;
const inside = vm.createContext({ outer, require, console, Buffer });
const globalOf = (make) => make("return globalThis")();
const realms = [outer, vm.runInContext("globalThis", inside)];
const innerFunction = vm.runInContext("Function", inside);
/** Another context's global object is closed: looking at it throws. */
function look(value, path, depth) {
  if (value === null || !/object|function/.test(typeof value)) return;
  if (seen.has(value) || depth > 3) return;
  seen.add(value);
  try {
    lookAt(value, path, depth);
  } catch (error) {
    if (error.message !== "no access") throw error;
  }
}
function lookAt(value, path, depth) {
  let current = value;
  for (let i = 0; current && i < 8; i++) {
    const make = Object.getOwnPropertyDescriptor(current, "constructor");
    if (make && typeof make.value === "function")
      try {
        const { constructor } = make.value;
        const isKnown =
          constructor === Function || constructor === innerFunction;
        const found = globalOf(constructor);
        if (!isKnown && !realms.includes(found)) reached.push(path);
      } catch {}
    current = Object.getPrototypeOf(current);
  }
  for (const key of Reflect.ownKeys(value)) {
    let inner;
    try {
      inner = value[key];
    } catch (error) {
      inner = error;
    }
    look(inner, path + "." + String(key), depth + 1);
  }
}
module.exports = function (cb) {
  for (const name of [
    "Object",
    "Array",
    "Promise",
    "Error",
    "Proxy",
    "Reflect",
  ])
    look(vm.runInContext(name, inside), name, 0);
  look(vm.runInContext("[Function, eval, this]", inside), "own", 0);
  try {
    vm.runInContext("null.x", inside);
  } catch (error) {
    look(error, "error", 0);
  }
  look(new vm.Script("1"), "script", 0);
  cb(null, { reached });
};
