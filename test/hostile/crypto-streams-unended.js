// expect: answered memory sync_time cpu_time
// Streams of crypto that are written to without end and never read.
const crypto = require("crypto");
module.exports = (cb) => {
  const streams = [];
  const piece = Buffer.alloc(64 * 1024);
  for (let at = 0; at < 500; at++) {
    const stream =
      at % 2
        ? crypto.createHash("md5")
        : crypto.createCipheriv(
            "aes-128-ctr",
            Buffer.alloc(16),
            Buffer.alloc(16),
          );
    for (let n = 0; n < 20; n++) stream.write(piece);
    streams.push(stream);
  }
  cb(null, streams.length);
};
