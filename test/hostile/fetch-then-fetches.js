// expect: wall_time
module.exports = function (ctx, cb) {
  Object.defineProperty(Object.prototype, "then", {
    get() {
      fetch("http://host.example/");
      return undefined;
    },
  });
  fetch("http://host.example/");
};
