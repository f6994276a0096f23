// expect: {"code":"ERR_ANNEX_LIMIT"}
// An encrypted key whose header asks for two thousand million iterations.
const crypto = require("crypto");
module.exports = (cb) => {
  const { privateKey } = crypto.generateKeyPairSync("ed25519");
  const der = privateKey.export({
    format: "der",
    type: "pkcs8",
    cipher: "aes-256-cbc",
    passphrase: "p",
  });
  const at = der.indexOf(Buffer.from("02020800", "hex"));
  // The number grows by two bytes, and so does all around it; the lengths are single bytes but for the first.
  const grown = Buffer.concat([
    der.subarray(0, at),
    Buffer.from("02047fffffff", "hex"),
    der.subarray(at + 4),
  ]);
  for (let from = 0; from < at; from++) {
    const end = from + 2 + grown[from + 1];
    if (
      grown[from] === 0x30 &&
      grown[from + 1] < 0x80 &&
      end > at &&
      from + 2 <= at
    )
      grown[from + 1] += 2;
  }
  if (grown[1] === 0x81) grown[2] += 2;
  try {
    crypto.createPrivateKey({
      key: grown,
      format: "der",
      type: "pkcs8",
      passphrase: "p",
    });
    cb(null, "read");
  } catch (error) {
    cb(null, { code: error.code });
  }
};
