// expect: {"caught":[]}
// As escape-bridge-state, with every name there is and before any of Node's library is loaded: what the runtime does of itself.
const caught = new Set();
const names = [
  ..."id call calls answered isInvocation timers openTimers exchanges openExchanges hostCalls logChars".split(
    " ",
  ),
  ..."item items body next first last small events reader failure error hasHead isComplete state".split(
    " ",
  ),
  ..."httpStatus contentType headersJson encoding kind egress method url redirect form text".split(
    " ",
  ),
  ..."value get set writable enumerable configurable done then reference copy release timeout".split(
    " ",
  ),
  ..."entries values count names kept current open limits outbox post drain resolve reject".split(
    " ",
  ),
  ..."0 1 2 3 4 5 6 7 8 9 10 11 12".split(" "),
];
let isWatching = false;
const put = [];
for (const prototype of [Object.prototype, Array.prototype, Function.prototype])
  for (const name of names) {
    if (Object.hasOwn(prototype, name)) continue;
    put.push({ __proto__: null, prototype, name });
    Object.defineProperty(prototype, name, {
      __proto__: null,
      configurable: true,
      get() {
        return undefined;
      },
      set(value) {
        if (isWatching) caught.add(name);
        Object.defineProperty(this, name, {
          __proto__: null,
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
    });
  }
module.exports = function (ctx, cb) {
  isWatching = true;
  console.log("a line");
  clearTimeout(setTimeout(() => {}, 5));
  clearInterval(setInterval(() => {}, 5));
  queueMicrotask(() => {});
  setTimeout(() => {
    isWatching = false;
    const list = [...caught];
    for (const { prototype, name } of put) delete prototype[name];
    cb(null, { caught: list });
  }, 1);
};
