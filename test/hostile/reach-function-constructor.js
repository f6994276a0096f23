// expect: {"reached":[]}
// Every function and object a guest can touch must lead to the guest's own Function, and by it to no other realm.
const reached = [];
const seen = new Set();
function look(value, path, depth) {
  if (value === null || !/object|function/.test(typeof value)) return;
  if (seen.has(value) || depth > 4) return;
  seen.add(value);
  let current = value;
  for (let i = 0; current && i < 8; i++) {
    const make = Object.getOwnPropertyDescriptor(current, "constructor");
    if (make && typeof make.value === "function")
      try {
        const made = make.value.constructor(
          "return [globalThis, typeof require]",
        )();
        if (made[0] !== globalThis || made[1] !== "undefined")
          reached.push(path);
      } catch {}
    current = Object.getPrototypeOf(current);
  }
  for (const key of Reflect.ownKeys(value)) {
    let inner;
    try {
      inner = value[key];
    } catch {
      continue;
    }
    look(inner, path + "." + String(key), depth + 1);
  }
}
module.exports = function (ctx, cb) {
  look(globalThis, "globalThis", 0);
  look(ctx, "ctx", 0);
  look(cb, "cb", 0);
  look(module, "module", 0);
  look(require, "require", 0);
  look(
    setTimeout(() => {}, 1),
    "timeout",
    0,
  );
  try {
    setTimeout("not a function");
  } catch (error) {
    look(error, "error", 0);
  }
  cb(null, { reached });
};
