// expect: {"reached":false}
// A setter on Array.prototype is given whatever the runtime assigns to: here the list of values that it is about to check.
let kept;
module.exports = function (ctx, req, res) {
  res.setHeader("content-type", "application/json");
  Object.defineProperty(Array.prototype, 0, {
    configurable: true,
    set(value) {
      kept = this;
      let reads = 0;
      Object.defineProperty(this, 0, {
        get: () => (reads++ < 1 ? value : "1\r\nset-cookie: forged=1"),
      });
    },
  });
  res.setHeader("x-a", ["one"]);
  delete Array.prototype[0];
  res.end(JSON.stringify({ reached: kept !== undefined }));
};
