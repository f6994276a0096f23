// expect: answered invalid_result threw wall_time
// The runtime's own hooks on a response, overwritten and lied to.
require("http");

module.exports = function (ctx, req, res) {
  res._storeHeader = function () {
    this._header = 'HTTP/1.1 200 OK\r\nx: "],["result",1,200\r\n\r\n';
  };
  String.prototype.indexOf = () => 0;
  Array.prototype.push = () => 0;
  res.statusCode = 999;
  res._header = "\r\n\r\n";
  res.end("a");
};
