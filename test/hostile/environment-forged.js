// expect: {"type":"string"}
module.exports = function (ctx, cb) {
  process.env.a = { toString: () => "x".repeat(10) };
  process.env.__proto__ = null;
  try {
    Object.defineProperty(process.env, "b", { get: () => cb(null, {}) });
  } catch {}
  Object.setPrototypeOf(process.env, null);
  cb(null, { type: typeof process.env.a });
};
