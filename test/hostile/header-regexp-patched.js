// expect: threw invalid_result
// The runtime's checks look up `exec`; a guest may lie to them, not to the executor.
RegExp.prototype.exec = () => null;
RegExp.prototype.test = () => false;
module.exports = function (ctx, req, res) {
  res.setHeader("x-a", "1\r\nset-cookie: stolen=1");
  res.end();
};
