// expect: sync_time threw
module.exports = function (ctx, cb) {
  (function recurse() {
    try {
      recurse();
    } finally {
      recurse();
    }
  })();
};
