// expect: egress_denied
module.exports = function (ctx, cb) {
  WeakMap.prototype.get = WeakMap.prototype.has = () => undefined;
  fetch("http://host.example/denied").catch((error) => {
    delete error.code;
    error.message = "something else";
    Object.setPrototypeOf(error, null);
    cb(Object.freeze(error));
  });
};
