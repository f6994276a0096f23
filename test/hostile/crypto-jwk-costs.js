// expect: {"refused":4}
// Keys as JSON whose numbers are far longer than any in use: to read an exponent of a megabit takes minutes.
const { createPrivateKey, createPublicKey } = require("crypto");
const long = `${"x".repeat(200_000)}w`;
const usual = `${"x".repeat(341)}w`;
const keys = [
  [createPublicKey, { kty: "RSA", n: usual, e: long }],
  [createPublicKey, { kty: "RSA", n: long, e: "AQAB" }],
  [createPublicKey, { kty: "EC", crv: "P-521", x: long, y: long }],
  [
    createPrivateKey,
    {
      kty: "RSA",
      n: usual,
      e: "AQAB",
      d: long,
      p: long,
      q: long,
      dp: long,
      dq: long,
      qi: long,
    },
  ],
];
module.exports = (cb) => {
  let refused = 0;
  for (const [create, key] of keys)
    try {
      create({ key, format: "jwk" });
    } catch {
      refused++;
    }
  cb(null, { refused });
};
