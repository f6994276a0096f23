// expect: result_size memory sync_time
module.exports = function (ctx, cb) {
  cb(
    null,
    Array.from({ length: 1e6 }, (_, n) => ({ n })),
  );
};
