// expect: answered sync_time cpu_time
// A hundred thousand ciphers and digests that are begun and never ended; the oldest are closed, in words.
const crypto = require("crypto");
module.exports = (cb) => {
  const open = [];
  for (let at = 0; at < 100_000; at++) {
    open.push(
      crypto.createCipheriv("aes-256-gcm", Buffer.alloc(32), Buffer.alloc(12)),
    );
    const hash = crypto.createHash("sha256");
    hash.update(Buffer.alloc(at % 100 === 0 ? 200_000 : 1));
    open.push(hash);
  }
  try {
    open[0].update("late");
    cb(new Error("it was kept"));
  } catch (error) {
    cb(null, error.code);
  }
};
