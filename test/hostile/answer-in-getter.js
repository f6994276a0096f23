// expect: {"inner":true}
// The answer is given while another answer is being written: one of them counts, once.
module.exports = function (ctx, cb) {
  cb(null, {
    get value() {
      cb(null, { inner: true });
      return "outer";
    },
  });
};
