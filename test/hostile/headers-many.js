// expect: result_size
module.exports = function (ctx, req, res) {
  res.setHeader("a", Array(5000).fill(""));
  res.end();
};
