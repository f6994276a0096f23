// expect-status: 201
// What looks like a number and writes itself as more than one.
module.exports = function (ctx, req, res) {
  globalThis.Number = () => ({
    valueOf: () => 200,
    toString: () => '418,"text/html",[],"utf8"],["clear",1,1',
  });
  res.statusCode = 201;
  res.end("honest");
};
