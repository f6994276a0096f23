// expect: threw
module.exports = function (ctx, req, res) {
  res.setHeader("x-a", "1\r\nset-cookie: stolen=1");
};
