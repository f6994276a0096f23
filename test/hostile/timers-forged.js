// expect: {"fired":true}
// A timer's properties are the guest's to change: none of them says when it runs, or for whom.
module.exports = function (ctx, cb) {
  const timer = setTimeout(() => cb(null, { fired: true }), 5);
  timer._idleTimeout = '1],["result"';
  timer._repeat = { valueOf: () => -1 };
  timer._timerArgs = { length: 2 ** 32 };
  timer._destroyed = true;
  clearTimeout({
    _onTimeout: () => {},
    __proto__: Object.getPrototypeOf(timer),
  });
  clearTimeout(new Proxy(timer, {}));
  timer._timerArgs = undefined;
};
