// expect: {"well":true}
for (const name of Object.getOwnPropertyNames(globalThis)) {
  try {
    Object.freeze(globalThis[name]);
    Object.freeze(globalThis[name].prototype);
  } catch {}
}
Object.freeze(globalThis);
module.exports = function (ctx, cb) {
  cb(null, { well: true });
};
