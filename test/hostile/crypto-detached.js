// expect: {"md5":"0cc175b9c0f1b6a831c399e269772661"}
// Buffers whose memory was taken away, before and in between.
const crypto = require("crypto");
const detached = () => {
  const bytes = new Uint8Array(64);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};
const key = Buffer.alloc(32);
const uses = [
  (bytes) => crypto.createHash("md5").update(bytes).digest("hex"),
  (bytes) =>
    crypto
      .createHash("md5")
      .update(new DataView(new ArrayBuffer(4)))
      .update(bytes)
      .digest(),
  (bytes) => crypto.createHmac("md5", bytes).update(bytes).digest(),
  (bytes) => crypto.createCipheriv("aes-256-cbc", bytes, bytes),
  (bytes) =>
    crypto
      .createCipheriv("aes-256-gcm", key, Buffer.alloc(12))
      .setAAD(bytes)
      .update(bytes),
  (bytes) => crypto.randomFillSync(bytes),
  (bytes) => crypto.randomFillSync(bytes.buffer),
  (bytes) => crypto.timingSafeEqual(bytes, bytes),
  (bytes) => crypto.createPublicKey(bytes),
  (bytes) => crypto.scryptSync(bytes, bytes, 1),
  (bytes) => crypto.createECDH("prime256v1").setPrivateKey(bytes),
  (bytes) => new crypto.X509Certificate(bytes),
  (bytes) => crypto.subtle.digest("SHA-1", bytes).catch(() => {}),
  (bytes) => crypto.subtle.digest("SHA-1", bytes.buffer).catch(() => {}),
];
module.exports = (cb) => {
  for (const use of uses)
    try {
      use(detached());
    } catch {}
  cb(null, { md5: crypto.createHash("md5").update("a").digest("hex") });
};
