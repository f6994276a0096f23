// expect: {"well":true}
Object.prototype.then = function (resolve) {
  resolve("hijacked");
};
module.exports = function (ctx, cb) {
  cb(null, { well: true });
};
