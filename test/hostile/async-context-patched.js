// expect: {"store":"own"}
// The carrying of stores asks nothing of what a guest can patch.
const { AsyncLocalStorage } = require("async_hooks");
module.exports = function (ctx, cb) {
  const storage = new AsyncLocalStorage();
  Function.prototype.call = Function.prototype.apply = () => cb(null, {});
  Object.defineProperty(Object.prototype, "value", {
    get: () => cb(null, {}),
    configurable: true,
  });
  storage.run("own", () =>
    setTimeout(() => {
      delete Object.prototype.value;
      cb(null, { store: storage.getStore() });
    }, 1),
  );
};
