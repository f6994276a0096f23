// expect: sync_time
// Each tick puts off the next: none of them ever lets the entry end.
module.exports = function (ctx, cb) {
  const again = () => process.nextTick(again);
  again();
};
