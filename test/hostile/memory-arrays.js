// expect: memory sync_time
module.exports = function (ctx, cb) {
  const kept = [];
  for (;;) kept.push(new Array(10_000).fill(kept.length));
};
