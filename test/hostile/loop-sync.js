// expect: sync_time
module.exports = function (ctx, cb) {
  for (;;);
};
