// expect: threw
// Errors in errors: in a ring, thousands deep, and with getters where the next one should be.
Error.stackTraceLimit = 0; // the formatter prints frames of ours
const ring = new AggregateError([], "ring", { cause: null });
ring.cause = ring;
ring.errors.push(ring, new SuppressedError(ring, ring, "in the ring"));
let deep = new Error("deepest");
for (let i = 0; i < 20_000; i++)
  deep =
    i % 3 === 0
      ? new SuppressedError(deep, ring, "deep")
      : i % 3 === 1
        ? new AggregateError([deep], "deep", { cause: deep })
        : new Error("deep", { cause: deep });
const trap = new Error("trap");
for (const name of ["cause", "errors", "error", "suppressed"])
  Object.defineProperty(trap, name, {
    get() {
      throw deep;
    },
  });
module.exports = function (ctx, cb) {
  for (const error of [ring, trap])
    try {
      console.error(error, { error });
    } catch {
      // The formatter's own trouble.
    }
  Promise.reject(ring);
  Promise.reject(trap);
  throw deep;
};
