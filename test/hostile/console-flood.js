// expect: sync_time
module.exports = function (ctx, cb) {
  for (;;) console.log("x".repeat(10_000));
};
