// expect: {"well":true}
// Rejections that nobody handles, of all that is hard to put into words; each of them is told outside the isolate.
const reasons = [
  () => null,
  () => Symbol("reason"),
  () => 10n,
  () => () => 1,
  () => Object.create(null),
  () => new Proxy(new Error("proxy"), { get: () => Symbol("trap") }),
  () => new Proxy(() => {}, { get: () => new Error("trap") }),
  () =>
    new Proxy(
      {},
      {
        get() {
          throw new Error("trap");
        },
        getPrototypeOf() {
          throw new Error("trap");
        },
      },
    ),
  () => Object.assign(new Error("x".repeat(1 << 22)), { stack: 1 }),
  () => ({ message: { toString: () => ({}) }, stack: Symbol("stack") }),
  () => Object.setPrototypeOf(new Error("bare"), null),
  () =>
    new (class Script_execution_timed_out extends Error {})(
      "Isolate was disposed during execution",
    ),
  () => globalThis,
  () => Promise.reject(Promise.reject(1)),
];
module.exports = function (ctx, cb) {
  let next = 0;
  const more = () => {
    if (next === reasons.length) cb(null, { well: true });
    else {
      setTimeout(more, 1);
      Promise.reject(reasons[next++]());
    }
  };
  more();
};
