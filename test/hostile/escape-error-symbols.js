// expect: {"well":true}
// Errors named by a symbol, by a proxy, by what has no text: whoever makes a text of them without asking throws.
Error.stackTraceLimit = 0; // the formatter prints frames of ours
const names = [
  Symbol("name"),
  Object.create(null),
  new Proxy({}, { get: (_, key) => (key === "toString" ? () => ({}) : null) }),
  { [Symbol.toPrimitive]: () => Symbol("primitive") },
  10n,
];
module.exports = function (ctx, cb) {
  for (const name of names)
    for (const key of ["name", "message", "stack", "code", "statusCode"]) {
      const error = new TypeError("named");
      Object.defineProperty(error, key, { value: name, enumerable: true });
      try {
        console.log(error);
      } catch {
        // The formatter's own trouble.
      }
      queueMicrotask(() => Promise.reject(error));
      setTimeout(() => Promise.reject(error), 1);
    }
  setTimeout(cb, 20, null, { well: true });
};
