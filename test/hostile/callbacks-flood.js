// expect: {"first":true}
module.exports = function (ctx, cb) {
  for (let i = 0; i < 1e5; i++) cb(null, { first: i === 0 });
};
