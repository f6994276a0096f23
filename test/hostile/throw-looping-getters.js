// expect: sync_time
module.exports = function (ctx, cb) {
  throw {
    get message() {
      for (;;);
    },
    get stack() {
      for (;;);
    },
  };
};
