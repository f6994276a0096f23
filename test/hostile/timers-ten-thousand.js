// expect: {"code":"ERR_ANNEX_LIMIT"}
module.exports = function (ctx, cb) {
  try {
    for (let i = 0; i < 1e4; i++) setTimeout(() => {}, 1e6).unref();
  } catch ({ code }) {
    cb(null, { code });
  }
};
