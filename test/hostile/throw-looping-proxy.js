// expect: sync_time
module.exports = function (ctx, cb) {
  throw new Proxy(new Error(), {
    get() {
      for (;;);
    },
    getPrototypeOf() {
      for (;;);
    },
  });
};
