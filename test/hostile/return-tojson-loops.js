// expect: sync_time
module.exports = function (ctx, cb) {
  cb(null, {
    toJSON() {
      for (;;);
    },
  });
};
