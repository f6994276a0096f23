// expect: {"found":[]}
module.exports = function (ctx, cb) {
  const names = ["WebAssembly", "SharedArrayBuffer", "Atomics"];
  cb(null, { found: names.filter((name) => name in globalThis) });
};
