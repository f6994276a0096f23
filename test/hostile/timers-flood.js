// expect: threw
module.exports = function (ctx, cb) {
  for (let i = 0; i < 1e5; i++) setTimeout(() => {}, 1e6);
};
