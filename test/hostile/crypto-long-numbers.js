// expect: {"private":"ERR_ANNEX_LIMIT","rsa":"ERR_ANNEX_LIMIT","control":"ERR_FEATURE_UNAVAILABLE_ON_PLATFORM","lengths":"ERR_FEATURE_UNAVAILABLE_ON_PLATFORM"}
// Keys whose numbers are longer than they need be, and an encrypted one whose cost is hidden from a strict reader.
const crypto = require("crypto");
const codeOf = (work) => {
  try {
    work();
    return "done";
  } catch (error) {
    return error.code;
  }
};
const length = (n) =>
  n < 128 ? Buffer.from([n]) : Buffer.from([0x82, n >> 8, n & 255]);
const element = (tag, ...parts) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
};
const integer = (bytes) =>
  element(2, Buffer.concat([Buffer.from([1]), Buffer.alloc(bytes, 0xff)]));
const id = (hex) => element(6, Buffer.from(hex, "hex"));
const pem = (label, der) =>
  `-----BEGIN ${label}-----\n${der.toString("base64").replace(/(.{64})/g, "$1\n")}\n-----END ${label}-----\n`;
const encrypted = element(
  0x30,
  element(
    0x30,
    id("2a864886f70d01050d"),
    element(
      0x30,
      element(
        0x30,
        id("2a864886f70d01050c"),
        element(0x30, element(4, Buffer.alloc(8)), integer(3)),
      ),
      element(0x30, id("60864801650304012a"), element(4, Buffer.alloc(16))),
    ),
  ),
  element(4, Buffer.alloc(128)),
);
module.exports = (cb) =>
  cb(null, {
    private: codeOf(() => {
      const exchange = crypto.createDiffieHellman(
        crypto.getDiffieHellman("modp18").getPrime(),
      );
      exchange.setPrivateKey(Buffer.alloc(256 * 1024, 0xff));
      exchange.generateKeys();
    }),
    rsa: codeOf(() => {
      const n = 2000;
      const sizes = [n, 1, n, n / 2, n / 2, n / 2, n / 2, n / 2];
      const der = element(
        0x30,
        Buffer.from([2, 1, 0]),
        ...sizes.map((bytes) => integer(bytes)),
      );
      crypto.sign("sha256", Buffer.from("x"), pem("RSA PRIVATE KEY", der));
    }),
    control: codeOf(() =>
      crypto.createPrivateKey({
        key: pem("ENCRYPTED PRIVATE KEY", encrypted).replaceAll("\n", "\x01\n"),
        passphrase: "p",
      }),
    ),
    lengths: codeOf(() => {
      const at = encrypted[1] < 128 ? 2 : 4;
      const body = encrypted.subarray(at);
      const head = [0x30, 0x85, 0, 0, 0, body.length >> 8, body.length & 255];
      crypto.createPrivateKey({
        key: Buffer.concat([Buffer.from(head), body]),
        format: "der",
        type: "pkcs8",
        passphrase: "p",
      });
    }),
  });
