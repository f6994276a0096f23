// expect: answered threw rejected
// A kind of flush that there is not would make Node end the process.
const zlib = require("zlib");
module.exports = (cb) => {
  const stream = zlib.createGzip();
  stream.on("error", () => cb(null, "refused"));
  stream.write("x");
  stream.flush(99, () => cb(null, "flushed"));
};
