// expect: result_size
module.exports = function (ctx, req, res) {
  res.setHeader("x-big", "a".repeat(1_300_000));
  res.end();
};
