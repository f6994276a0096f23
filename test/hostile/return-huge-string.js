// expect: result_size memory sync_time
module.exports = function (ctx, cb) {
  cb(null, "x".repeat(2e7));
};
