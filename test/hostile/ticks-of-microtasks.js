// expect: sync_time
// Each tick is put off in a microtask, so that the entry ends and another must follow.
module.exports = function (ctx, cb) {
  const again = () => queueMicrotask(() => process.nextTick(again));
  again();
};
