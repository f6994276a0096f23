/** What is made by chance on one side, the other side accepts; and what costs too much is refused by the name of its limit. */
import * as crypto from "node:crypto";
import type { webcrypto } from "node:crypto";
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";
import { cryptoBounds } from "../../../../../sandboxd/executor/host/crypto-bounds.ts";

const limits = { syncMs: 10_000, wallMs: 20_000 };

async function inIsolate(source: string): Promise<Record<string, string>> {
  await using executor = await startExecutor({ heapLimitMb: 128 });
  const version = await executor.loaded(
    `const crypto = require("crypto");
     module.exports = (cb) => void (async () => { ${source} })().then((made) => cb(null, made), cb);`,
  );
  const made = answeredJson(await executor.invoke(version, limits));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the sources below answer with texts
  return made as Record<string, string>;
}

test("plain Node accepts what a guest signs, encrypts and agrees on with keys of its own", async () => {
  const other = crypto.createECDH("secp384r1");
  other.generateKeys();
  const made = await inIsolate(`
    const rsa = crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
    const ec = crypto.generateKeyPairSync("ec", { namedCurve: "P-384", publicKeyEncoding: { format: "pem", type: "spki" }, privateKeyEncoding: { format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "p" } });
    const ed = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const ecdh = crypto.createECDH("secp384r1");
    ecdh.generateKeys();
    const iv = crypto.randomBytes(12);
    const key = crypto.generateKeySync("aes", { length: 256 });
    const cipher = crypto.createCipheriv("aes-256-gcm", key, iv);
    const hex = (bytes) => Buffer.from(bytes).toString("hex");
    return {
      rsa: rsa.publicKey.export({ format: "pem", type: "pkcs1" }),
      rsaPrivate: rsa.privateKey.export({ format: "pem", type: "pkcs1" }),
      rs256: hex(crypto.createSign("sha256").update("data").sign(rsa.privateKey)),
      ps512: hex(crypto.sign("sha512", Buffer.from("data"), { key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING })),
      oaep: hex(crypto.publicEncrypt(rsa.publicKey, Buffer.from("data"))),
      ec: ec.publicKey,
      es384: hex(crypto.createSign("sha384").update("data").sign({ key: ec.privateKey, passphrase: "p", dsaEncoding: "ieee-p1363" })),
      ed: JSON.stringify(await crypto.subtle.exportKey("jwk", ed.publicKey)),
      eddsa: hex(await crypto.subtle.sign("Ed25519", ed.privateKey, Buffer.from("data"))),
      ecdh: ecdh.getPublicKey("hex"),
      secret: ecdh.computeSecret("${other.getPublicKey("hex")}", "hex", "hex"),
      key: hex(key.export()), iv: hex(iv), gcm: cipher.update("data", "utf8", "hex") + cipher.final("hex"), tag: hex(cipher.getAuthTag()),
      prime: hex(crypto.generatePrimeSync(256)),
    };`);
  const bytes = (name: string) => Buffer.from(made[name] ?? "", "hex");
  const text = (name: string) => made[name] ?? "";
  const data = Buffer.from("data");
  const padding = crypto.constants.RSA_PKCS1_PSS_PADDING;

  expect(crypto.verify("sha256", data, text("rsa"), bytes("rs256"))).toBe(true);
  expect(
    crypto.verify(
      "sha512",
      data,
      { key: text("rsa"), padding },
      bytes("ps512"),
    ),
  ).toBe(true);
  expect(crypto.privateDecrypt(text("rsaPrivate"), bytes("oaep"))).toEqual(
    data,
  );
  expect(
    crypto.verify(
      "sha384",
      data,
      { key: text("ec"), dsaEncoding: "ieee-p1363" },
      bytes("es384"),
    ),
  ).toBe(true);
  const jwk: webcrypto.JsonWebKey = JSON.parse(text("ed"));
  const ed = crypto.createPublicKey({ key: jwk, format: "jwk" });
  expect(crypto.verify(null, data, ed, bytes("eddsa"))).toBe(true);
  expect(other.computeSecret(text("ecdh"), "hex", "hex")).toBe(text("secret"));
  const decipher = crypto.createDecipheriv(
    "aes-256-gcm",
    bytes("key"),
    bytes("iv"),
  );
  decipher.setAuthTag(bytes("tag"));
  expect(
    decipher.update(text("gcm"), "hex", "utf8") + decipher.final("utf8"),
  ).toBe("data");
  expect(crypto.checkPrimeSync(bytes("prime"))).toBe(true);
});

test("a Diffie-Hellman prime of a standard's length is found at once", async () => {
  const agreed = await inIsolate(`
    const made = {};
    for (const bits of [1024, 2048]) {
      const one = crypto.createDiffieHellman(bits);
      const other = crypto.createDiffieHellman(one.getPrime(), one.getGenerator());
      one.generateKeys();
      other.generateKeys();
      const [secret, same] = [one.computeSecret(other.getPublicKey()), other.computeSecret(one.getPublicKey())];
      const pairs = [1, 2].map(() => crypto.generateKeyPairSync("dh", { primeLength: bits }));
      const [mine, yours] = pairs.map(({ publicKey }, at) => crypto.diffieHellman({ publicKey, privateKey: pairs[1 - at].privateKey }));
      made[bits] = JSON.stringify([one.getPrime().length * 8, secret.equals(same), one.verifyError, mine.equals(yours)]);
    }
    return made;`);
  expect(agreed).toEqual({
    1024: "[1024,true,0,true]",
    2048: "[2048,true,0,true]",
  });
});

test("what costs too much is refused with the name of its limit", async () => {
  const refusals = await inIsolate(`
    const made = {};
    for (const [limit, work] of Object.entries({
      scryptCost: () => crypto.scryptSync("p", "s", 64, { N: 2 ** 20, r: 8, maxmem: 2 ** 40 }),
      scryptMemoryBytes: () => crypto.scryptSync("p", "s", 64, { N: 2 ** 17, r: 8, maxmem: 2 ** 40 }),
      pbkdf2Cost: () => crypto.pbkdf2Sync("p", "s", 1e9, 64, "sha512"),
      argon2MemoryKib: () => crypto.argon2Sync("argon2id", { message: "m", nonce: "nonce678", parallelism: 1, tagLength: 32, memory: 2 ** 20, passes: 1 }),
      argon2Cost: () => crypto.argon2Sync("argon2id", { message: "m", nonce: "nonce678", parallelism: 1, tagLength: 32, memory: 2 ** 16, passes: 4 }),
      rsaGenerateBits: () => crypto.generateKeyPairSync("rsa", { modulusLength: 8192 }),
      dsaGenerateBits: () => crypto.generateKeyPairSync("dsa", { modulusLength: 3072 }),
      dhGenerateBits: () => crypto.createDiffieHellman(1000),
      dhCheckBits: () => crypto.createDiffieHellman(Buffer.alloc(512, 255)),
      primeGenerateBits: () => crypto.generatePrimeSync(2048),
      safePrimeGenerateBits: () => crypto.generatePrimeSync(1024, { safe: true }),
      primeCheckBits: () => crypto.checkPrimeSync(Buffer.alloc(1024, 255)),
      primeChecks: () => crypto.checkPrimeSync(97n, { checks: 1000 }),
      outputBytes: () => crypto.createHash("shake256", { outputLength: 2 ** 30 }),
      partBytes: () => crypto.createHmac("md5", Buffer.alloc(2 ** 20)).update("a").digest(),
      wholeBytes: () => crypto.sign(null, Buffer.alloc(2 ** 24), crypto.generateKeyPairSync("ed25519").privateKey),
      openStreams: () => {
        const first = crypto.createCipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16));
        for (let at = 0; at < 2000; at++) crypto.createCipheriv("aes-128-cbc", Buffer.alloc(16), Buffer.alloc(16));
        first.update("a");
      },
    }))
      try { work(); made[limit] = "done"; } catch (error) { made[limit] = error.code + " " + error.message; }
    return made;`);

  for (const [limit, refusal] of Object.entries(refusals)) {
    expect(Object.keys(cryptoBounds)).toContain(limit);
    expect(refusal).toMatch(`limit ${limit}`);
    expect(refusal).toMatch(/^ERR_ANNEX_LIMIT /);
  }
});

test("keys and exchanges past what is kept ready work on", async () => {
  const made = await inIsolate(`
    const first = crypto.generateKeyPairSync("ed25519");
    const ecdh = crypto.createECDH("prime256v1");
    ecdh.generateKeys();
    const dh = crypto.getDiffieHellman("modp14");
    const other = crypto.getDiffieHellman("modp14").generateKeys();
    dh.generateKeys();
    const before = [ecdh.getPublicKey("hex"), dh.computeSecret(other, undefined, "hex")];
    for (let at = 0; at < 300; at++) crypto.createPublicKey(first.privateKey.export({ format: "pem", type: "pkcs8" }));
    for (let at = 0; at < 300; at++) crypto.createECDH("prime256v1").generateKeys();
    const after = [ecdh.getPublicKey("hex"), dh.computeSecret(other, undefined, "hex")];
    return {
      signed: String(crypto.verify(null, Buffer.from("a"), first.publicKey, crypto.sign(null, Buffer.from("a"), first.privateKey))),
      same: String(before.join() === after.join()),
    };`);

  expect(made).toEqual({ signed: "true", same: "true" });
});
