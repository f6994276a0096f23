// expect-status: 200
// Shows one value to the check and another to the wire, if it is asked twice.
module.exports = function (ctx, req, res) {
  let asked = 0;
  res.setHeader("x-a", { toString: () => (asked++ ? "a\r\nb: c" : "fine") });
  res.end("done");
};
