// A26 Options of a host that reads them from `Object.prototype`.
// answer: answered threw rejected
// within-ms: 800
// supervisor-grows-mb: 100
// variants: 12

const names =
  "copy reference result timeout then get set value length arguments externalCopy promise".split(
    " ",
  );
module.exports = (ctx, cb) => {
  const name = names[ctx.data.variant];
  Object.defineProperty(Object.prototype, name, {
    configurable: true,
    get: () => true,
    set() {},
  });
  setTimeout(() => {
    const seen = [];
    for (const key of Object.getOwnPropertyNames(globalThis)) {
      const value = globalThis[key];
      const kind = Object.prototype.toString.call(value);
      if (/Reference|ExternalCopy|Isolate|Callback/.test(kind)) seen.push(key);
    }
    cb(seen.length ? new Error("a host object: " + seen) : null, "nothing");
  }, 5);
};
