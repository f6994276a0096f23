// expect: answered
module.exports = function (ctx, cb) {
  for (let i = 0; i < 30_000; i++) console.log("");
  cb(null, {});
};
