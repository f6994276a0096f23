// expect: sync_time
module.exports = function (ctx, cb) {
  console.log({
    [Symbol.for("nodejs.util.inspect.custom")]() {
      for (;;);
    },
  });
};
