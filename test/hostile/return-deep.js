// expect: invalid_result threw sync_time answered
module.exports = function (ctx, cb) {
  let deep = [];
  for (let i = 0; i < 2e5; i++) deep = [deep];
  cb(null, deep);
};
