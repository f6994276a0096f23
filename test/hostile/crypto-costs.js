// expect: {"all":"refused"}
// Each is refused in words, at once, or done within its bounds.
const crypto = require("crypto");
const costly = {
  scrypt: () =>
    crypto.scryptSync("p", "s", 64, { N: 2 ** 24, r: 8, maxmem: 2 ** 40 }),
  scryptLanes: () =>
    crypto.scryptSync("p", "s", 64, {
      N: 2 ** 10,
      r: 8,
      p: 2 ** 20,
      maxmem: 2 ** 40,
    }),
  pbkdf2: () => crypto.pbkdf2Sync("p", "s", 1e9, 64, "sha512"),
  pbkdf2Length: () => crypto.pbkdf2Sync("p", "s", 1, 2 ** 31 - 1, "sha512"),
  pbkdf2Async: () => crypto.pbkdf2("p", "s", 1e9, 64, "sha512", () => {}),
  argon2: () =>
    crypto.argon2Sync("argon2id", {
      message: "m",
      nonce: "nonce678",
      parallelism: 1,
      tagLength: 32,
      memory: 2 ** 31,
      passes: 9,
    }),
  hkdf: () => crypto.hkdfSync("sha512", "k", "s", "i", 2 ** 31),
  rsa: () => crypto.generateKeyPairSync("rsa", { modulusLength: 16384 }),
  dsa: () => crypto.generateKeyPairSync("dsa", { modulusLength: 8192 }),
  slow: () => crypto.generateKeyPairSync("slh-dsa-shake-256s"),
  dh: () => crypto.createDiffieHellman(4095),
  dhPair: () => crypto.generateKeyPairSync("dh", { primeLength: 4095 }),
  dhPrime: () => crypto.createDiffieHellman(Buffer.alloc(1024, 255)),
  prime: () => crypto.generatePrimeSync(8192, { safe: true }),
  primeCheck: () => crypto.checkPrimeSync(Buffer.alloc(4096, 255)),
  primeChecks: () => crypto.checkPrimeSync(97n, { checks: 2 ** 30 }),
  output: () => crypto.createHash("shake256", { outputLength: 2 ** 31 }),
  label: () =>
    crypto
      .createSecretKey(Buffer.alloc(2 ** 20))
      .toCryptoKey("HKDF", false, ["deriveBits"]) &&
    crypto.hkdfSync("sha1", Buffer.alloc(2 ** 20), "", "", 1),
};
module.exports = (cb) => {
  for (const [name, work] of Object.entries(costly)) {
    try {
      work();
    } catch (error) {
      if (!/LIMIT|FEATURE|OUT_OF_RANGE|KEYLEN|OSSL/.test(error.code))
        return cb(error);
      continue;
    }
    return cb(new Error(`${name} was not refused`));
  }
  cb(null, { all: "refused" });
};
