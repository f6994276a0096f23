// expect: threw
module.exports = function recurse(ctx, cb) {
  return recurse(ctx, cb) + 1;
};
