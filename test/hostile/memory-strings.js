// expect: threw memory sync_time
module.exports = function (ctx, cb) {
  let text = "x";
  for (;;) text += text;
};
