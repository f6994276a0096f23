// expect: {"a":1}
module.exports = function (ctx, cb) {
  cb(null, new Proxy({ a: 1 }, {}));
};
