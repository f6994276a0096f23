// expect: invalid_result
// A response that is destroyed, ended and destroyed again.
require("http");

module.exports = function (ctx, req, res) {
  res.write("a");
  res.destroy(new Error("no"));
  res.end("b");
  req.socket.destroy();
};
