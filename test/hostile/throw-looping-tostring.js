// expect: sync_time
module.exports = function (ctx, cb) {
  const error = Object.create(null);
  error.toJSON = () => undefined;
  error.toString = () => {
    for (;;);
  };
  throw error;
};
