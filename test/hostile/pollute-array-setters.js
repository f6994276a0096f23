// expect: {"caught":0}
let caught = 0;
for (const key of [0, 1, 2, 3])
  for (const prototype of [Array.prototype, Object.prototype])
    Object.defineProperty(prototype, key, {
      configurable: true,
      set(value) {
        caught++;
      },
    });
module.exports = function (ctx, cb) {
  console.log("a line");
  setTimeout(() => {}, 1);
  cb(null, { caught });
};
