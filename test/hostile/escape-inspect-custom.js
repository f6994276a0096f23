// expect: {"called":true,"reached":[]}
// What formats a line hands its options and itself to whoever asks: all of it is made in the guest's own realm.
const reached = [];
let called = false;
const look = (value, path, depth) => {
  if (value === null || !/object|function/.test(typeof value) || depth > 3)
    return;
  const make = value.constructor?.constructor;
  if (typeof make === "function" && make !== Function) reached.push(path);
  try {
    if (make("return globalThis")() !== globalThis) reached.push(path);
  } catch {}
  for (const key of Reflect.ownKeys(value)) {
    try {
      look(value[key], `${path}.${String(key)}`, depth + 1);
    } catch {}
  }
};
const spy = {
  [Symbol.for("nodejs.util.inspect.custom")](...all) {
    called = true;
    look(all, "arguments", 0);
    look(this, "this", 0);
    look(new Error().stack, "stack", 0);
    return { toString: () => ({}) };
  },
};
module.exports = function (ctx, cb) {
  for (const line of [[spy], ["%o %s %j", spy, spy, spy], [{ deep: [spy] }]])
    try {
      console.log(...line);
    } catch (error) {
      look(error, "error", 0);
    }
  cb(null, { called, reached: [...new Set(reached)] });
};
