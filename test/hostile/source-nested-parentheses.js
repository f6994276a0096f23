// expect: threw
module.exports = function (ctx, cb) {
  cb(null, eval("(".repeat(1e6)));
};
