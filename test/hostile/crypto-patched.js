// expect: answered threw rejected
// What the language gives is replaced before and after crypto is loaded; the guest harms itself at most.
Object.defineProperty(Object.prototype, "thrown", {
  get: () => ({ name: "x" }),
  configurable: true,
});
const crypto = require("crypto");
crypto.createHash("md5").update("a").digest();
for (const of of [
  Uint8Array.prototype,
  Object.getPrototypeOf(Uint8Array.prototype),
  Array.prototype,
  Map.prototype,
  WeakMap.prototype,
  Set.prototype,
  Promise.prototype,
  String.prototype,
])
  for (const name of Object.getOwnPropertyNames(of))
    if (name !== "constructor" && name !== "then")
      try {
        Object.defineProperty(of, name, {
          value: () => ({ id: 2 ** 40, format: "store" }),
          configurable: true,
          writable: true,
        });
      } catch {}
Object.prototype.id = 1;
Object.prototype.from = { id: 1 };
Object.prototype.then = (resolve) => resolve(1);
module.exports = (cb) => {
  const made = [];
  for (const use of [
    () => crypto.createHash("md5").update(new Uint8Array(1e6)).digest("hex"),
    () => crypto.randomBytes(8),
    () => crypto.generateKeyPairSync("ed25519"),
    () =>
      crypto
        .createCipheriv("aes-128-cbc", new Uint8Array(16), new Uint8Array(16))
        .update(new Uint8Array(20)),
    () => crypto.subtle.digest("SHA-1", new Uint8Array(4)),
    () => crypto.createECDH("prime256v1").generateKeys(),
  ])
    try {
      made[made.length] = typeof use();
    } catch (error) {
      made[made.length] = "threw";
    }
  cb(null, made.length);
};
