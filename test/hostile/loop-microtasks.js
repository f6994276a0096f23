// expect: sync_time
module.exports = function (ctx, cb) {
  (function again() {
    Promise.resolve().then(again);
  })();
};
