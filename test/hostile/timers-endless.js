// expect: wall_time threw
module.exports = function (ctx, cb) {
  setInterval(() => {}, 0);
};
