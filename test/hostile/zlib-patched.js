// expect: answered threw rejected
// Typed arrays whose methods lie to whatever cuts them into pieces.
const zlib = require("zlib");

module.exports = function (cb) {
  const { slice, subarray } = Uint8Array.prototype;
  Uint8Array.prototype.slice = () => new Uint8Array(10_000_000);
  Object.defineProperty(Array, "isArray", { value: () => true });
  let words = "";
  try {
    words = String(zlib.gzipSync("abc"));
  } catch (error) {
    words = error.code;
  }
  Uint8Array.prototype.slice = slice;
  Uint8Array.prototype.subarray = subarray;
  cb(null, { words });
};
