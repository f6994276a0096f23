// expect: sync_time
module.exports = function (ctx, cb) {
  Error.prepareStackTrace = () => {
    for (;;);
  };
  throw new Error("read my stack");
};
