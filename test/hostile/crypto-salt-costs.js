// expect: {"refused":3}
// Salts are hashed for every block of what comes out: long ones, and the blocks of scrypt, which are its last salt.
const { pbkdf2Sync, scryptSync } = require("crypto");
const works = [
  () => pbkdf2Sync("x", Buffer.alloc(1 << 18), 1, 1 << 22, "sha256"),
  () =>
    scryptSync("x", "salt", 1 << 22, {
      N: 2,
      r: 8,
      p: 1 << 15,
      maxmem: 1 << 28,
    }),
  () =>
    scryptSync("x", Buffer.alloc(1 << 18), 32, {
      N: 2,
      r: 8,
      p: 1 << 15,
      maxmem: 1 << 28,
    }),
];
module.exports = (cb) => {
  let refused = 0;
  for (const work of works)
    try {
      work();
    } catch (error) {
      if (error.code === "ERR_ANNEX_LIMIT") refused++;
    }
  cb(null, { refused });
};
