// expect: sync_time
module.exports = function (ctx, cb) {
  cb(null, /^(a+)+$/.test("a".repeat(40) + "b"));
};
