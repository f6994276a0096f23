// expect: answered
// Options and keys that change while they are read, or grow, or throw.
const crypto = require("crypto");
const shifting = (...values) => {
  let at = 0;
  return new Proxy(
    {},
    {
      get: () => values[at++ % values.length],
      has: () => true,
      ownKeys: () => ["key", "N"],
      getOwnPropertyDescriptor: () => ({
        value: values[at++ % values.length],
        enumerable: true,
        configurable: true,
      }),
    },
  );
};
const odd = [
  shifting("a", 5, -1, Buffer.alloc(3)),
  shifting(2 ** 40, "x", null),
  {
    get N() {
      return (this.n = (this.n || 1) * 2);
    },
  },
  {
    get key() {
      throw new Error("read");
    },
  },
  { format: "jwk", key: shifting("RSA", "AQAB", {}) },
  {
    key: {
      kty: "RSA",
      get n() {
        return "A".repeat(2 ** 22);
      },
      e: "AQAB",
    },
    format: "jwk",
  },
  Object.create({ key: "x", padding: 3 }),
];
const lying = Object.defineProperties(new Uint8Array(8), {
  length: { value: 2 ** 40 },
  byteLength: { value: 2 ** 40 },
  buffer: { get: () => new ArrayBuffer(2 ** 20) },
  byteOffset: { value: -5 },
});
const uses = [
  // Without a cost it has its own, which takes longer than all of the others together.
  (value) => "N" in value && crypto.scryptSync("p", "s", 8, value),
  (value) => crypto.createPrivateKey(value),
  (value) => crypto.createPublicKey(value),
  (value) => crypto.createSecretKey(value),
  (value) => crypto.generateKeyPairSync("rsa", value),
  (value) => crypto.generateKeyPairSync("dh", value),
  (value) =>
    crypto.createCipheriv(
      "aes-128-ccm",
      Buffer.alloc(16),
      Buffer.alloc(12),
      value,
    ),
  (value) => crypto.createHash("shake256", value),
  (value) => crypto.sign("sha256", Buffer.alloc(1), value),
  (value) => crypto.createHash(value),
  (value) => crypto.createHash("md5").update(value),
  (value) => crypto.argon2Sync("argon2d", value),
  (value) => crypto.diffieHellman(value),
  (value) => crypto.subtle.generateKey(value, true, value).catch(() => {}),
];
module.exports = (cb) => {
  for (const value of [...odd, lying])
    for (const use of uses)
      try {
        use(value);
      } catch {}
  cb(null, crypto.createHash("md5").update(lying).digest("hex"));
};
