// expect: {"well":true}
// What a guest rejects with must not be taken for the end of its isolate.
module.exports = function (ctx, cb) {
  Promise.reject(new Error("Script execution timed out."));
  Promise.reject(new Error("Isolate was disposed during execution"));
  setTimeout(() => cb(null, { well: true }), 1);
};
