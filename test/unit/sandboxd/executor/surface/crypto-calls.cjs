/** Calls of crypto whose answers no chance enters: run inside and in plain Node, and compared. `given` has keys and what was made with them outside. */
"use strict";
const crypto = require("node:crypto");

const later = (work) =>
  new Promise((resolve, reject) =>
    work((error, ...values) =>
      error ? reject(error) : resolve(values.length > 1 ? values : values[0]),
    ),
  );

module.exports = async function run(given) {
  const outcomes = {};
  const told = (value) => {
    if (value instanceof ArrayBuffer)
      return `ArrayBuffer ${Buffer.from(value).toString("hex")}`;
    if (ArrayBuffer.isView(value))
      return `${value.constructor.name} ${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("hex")}`;
    if (value instanceof Error) {
      const own = Object.getOwnPropertyNames(value).filter(
        (name) => name !== "stack",
      );
      return {
        name: value.name,
        message: value.message,
        cause: value.cause && told(value.cause),
        ...Object.fromEntries(
          own
            .filter((name) => ["code", "library", "reason"].includes(name))
            .map((name) => [name, value[name]]),
        ),
      };
    }
    if (typeof value === "bigint") return `${value}n`;
    if (value instanceof Date) return value.toISOString();
    if (Array.isArray(value)) return value.map(told);
    if (value && typeof value === "object" && value.type && value.algorithm)
      return {
        type: value.type,
        algorithm: told(value.algorithm),
        usages: value.usages,
        extractable: value.extractable,
      };
    if (value && typeof value === "object")
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, told(inner)]),
      );
    return value === undefined ? "undefined" : value;
  };
  const call = async (name, work) => {
    try {
      outcomes[name] = told(await work());
    } catch (error) {
      outcomes[name] = { thrown: told(error) };
    }
  };
  // Digests.
  const big = Buffer.alloc(3_000_000, "abcdefg");
  for (const name of [
    "md5",
    "sha1",
    "sha256",
    "SHA-256",
    "sha512",
    "RSA-SHA256",
    "sha3-256",
    "ripemd160",
    "blake2b512",
    "nope",
    "",
  ]) {
    await call(`hash ${name}`, () =>
      crypto.createHash(name).update("x").digest("hex"),
    );
    await call(`hmac ${name}`, () =>
      crypto.createHmac(name, "key").update("x").digest("base64"),
    );
  }
  for (const encoding of [
    "hex",
    "base64",
    "base64url",
    "latin1",
    "binary",
    "utf8",
    "ucs2",
    "buffer",
    "foo",
    undefined,
  ])
    await call(`digest as ${encoding}`, () =>
      crypto.createHash("sha1").update("x").digest(encoding),
    );
  await call("texts in encodings", () =>
    crypto
      .createHash("sha1")
      .update("68656c", "hex")
      .update("aGk=", "base64")
      .update("é", "latin1")
      .update("é")
      .update("é", "utf16le")
      .digest("hex"),
  );
  await call("a broken hex text", () =>
    crypto.createHash("sha1").update("abc", "hex"),
  );
  await call("a broken pair", () =>
    crypto.createHash("sha1").update("\ud83d").update("\ude00").digest("hex"),
  );
  await call("views", () =>
    crypto
      .createHash("sha1")
      .update(new Uint16Array([1, 2]))
      .update(new DataView(new ArrayBuffer(3), 1))
      .update(Buffer.from("pooled"))
      .digest("hex"),
  );
  await call("much data", () =>
    crypto
      .createHash("sha256")
      .update("a")
      .update(big)
      .update("b")
      .digest("hex"),
  );
  await call("much text", () =>
    crypto.createHash("sha256").update("é".repeat(200_000)).digest("hex"),
  );
  await call("much hmac", () =>
    crypto.createHmac("sha256", "k").update(big).update(big).digest("hex"),
  );
  await call("many updates", () => {
    const hash = crypto.createHash("md5");
    for (let at = 0; at < 3000; at++)
      hash.update(`${at}`).update(Buffer.alloc(at % 300, at));
    return hash.digest("hex");
  });
  await call("copies", () => {
    const hash = crypto.createHash("sha256").update("a");
    const copy = hash.copy();
    const large = crypto.createHash("sha256").update(big);
    const largeCopy = large.copy();
    return [
      hash.update("b").digest("hex"),
      copy.update("c").digest("hex"),
      large.update("d").digest("hex"),
      largeCopy.digest("hex"),
    ];
  });
  await call("copy of what ended", () => {
    const hash = crypto.createHash("md5");
    hash.digest();
    return hash.copy();
  });
  await call("update of what ended", () => {
    const hash = crypto.createHash("md5");
    hash.digest();
    return hash.update("a");
  });
  await call("digest of what ended", () => {
    const hash = crypto.createHash("md5");
    hash.digest();
    return hash.digest();
  });
  await call("hmac that ended", () => {
    const hmac = crypto.createHmac("md5", "k").update("a");
    return [hmac.digest("hex"), hmac.digest("hex"), hmac.digest()];
  });
  await call("an update with nothing", () => crypto.createHash("md5").update());
  await call("shake", () =>
    crypto
      .createHash("shake256", { outputLength: 77 })
      .update("a")
      .digest("hex"),
  );
  await call("shake of another length", () =>
    crypto
      .createHash("shake256", { outputLength: 5 })
      .update("a")
      .copy({ outputLength: 7 })
      .digest("hex"),
  );
  await call("shake of none", () =>
    crypto.createHash("shake128", { outputLength: 0 }).digest("hex"),
  );
  await call("a wrong length", () =>
    crypto.createHash("sha256", { outputLength: 5 }),
  );
  await call("in one call", () => [
    crypto.hash("sha1", "a"),
    crypto.hash("md5", Buffer.from("a"), "base64"),
    crypto.hash("sha256", "a", { outputEncoding: "buffer" }),
  ]);
  await call("in one call, unknown", () => crypto.hash("nope", "a"));
  await call("as streams", async () => {
    const { pipeline } = require("node:stream/promises");
    const { Readable } = require("node:stream");
    const hash = crypto.createHash("sha256");
    const cipher = crypto.createCipheriv(
      "aes-128-cbc",
      Buffer.alloc(16),
      Buffer.alloc(16),
    );
    const made = [];
    await pipeline(Readable.from([Buffer.from("ab"), Buffer.from("cd")]), hash);
    await pipeline(
      Readable.from([Buffer.from("ab"), Buffer.from("cd")]),
      cipher,
      async (source) => {
        for await (const part of source) made.push(part);
      },
    );
    return [hash.digest("hex"), hash.read(), Buffer.concat(made)];
  });
  await call("macs", () => [
    crypto.getMacs(),
    crypto
      .createMac("kmac128", Buffer.alloc(16, 1), { outputLength: 16 })
      .update("a")
      .final("hex"),
    crypto
      .createMac("hmac", Buffer.alloc(16, 1), { digest: "sha256" })
      .update(big)
      .final("hex"),
    crypto
      .createMac("cmac", Buffer.alloc(16), { cipher: "aes-128-cbc" })
      .update("x")
      .final(),
  ]);
  await call("a mac that is none", () =>
    crypto.createMac("nope", Buffer.alloc(16)),
  );

  // Comparing, and what is random.
  await call("equal", () => [
    crypto.timingSafeEqual(Buffer.from("ab"), new Uint8Array([97, 98])),
    crypto.timingSafeEqual(Buffer.from("ab"), Buffer.from("ac")),
  ]);
  await call("unequal lengths", () =>
    crypto.timingSafeEqual(Buffer.alloc(1), Buffer.alloc(2)),
  );
  await call("no bytes", () => crypto.timingSafeEqual("a", Buffer.alloc(2)));
  await call("random", async () => {
    const filled = crypto.randomFillSync(new Uint32Array(8), 2, 3);
    const more = await later((cb) => crypto.randomBytes(10, cb));
    return [
      crypto.randomBytes(16).length,
      more.length,
      filled[0],
      filled[7],
      filled[2] !== 0 || filled[3] !== 0,
      crypto.randomInt(5) < 5,
      await later((cb) => crypto.randomInt(3, 4, cb)),
      /^[\da-f]{8}-[\da-f]{4}-4/.test(crypto.randomUUID()),
      crypto.randomBytes(0).length,
      crypto.randomBytes(2_500_000).length,
      crypto.getRandomValues(new Uint8Array(5)).length,
    ];
  });
  await call("random of a wrong size", () => crypto.randomBytes(-1));
  await call("random of no size", () => crypto.randomBytes("1"));
  await call("too many random values", () =>
    crypto.getRandomValues(new Uint8Array(65_537)),
  );
  await call("primes", async () => [
    crypto.generatePrimeSync(64).byteLength,
    crypto.generatePrimeSync(32, { bigint: true }) > 0n,
    crypto.checkPrimeSync(97n),
    crypto.checkPrimeSync(Buffer.from([9])),
    await later((cb) => crypto.checkPrime(101n, cb)),
    crypto.generatePrimeSync(3, { add: 4n, rem: 3n, bigint: true }),
  ]);
  await call("a prime that cannot be", () =>
    crypto.generatePrimeSync(8, { add: 1000n }),
  );

  // Derivation.
  await call("pbkdf2", async () => [
    crypto.pbkdf2Sync("p", "s", 1000, 50, "sha512"),
    await later((cb) =>
      crypto.pbkdf2(Buffer.from("p"), new Uint8Array(3), 3, 20, "sha1", cb),
    ),
    crypto.pbkdf2Sync("", "", 1, 0, "md5"),
  ]);
  await call("pbkdf2 of no digest", () =>
    later((cb) => crypto.pbkdf2("p", "s", 1, 1, "nope", cb)),
  );
  await call("pbkdf2 without iterations", () =>
    crypto.pbkdf2Sync("p", "s", 0, 1, "md5"),
  );
  await call("scrypt", async () => [
    crypto.scryptSync("p", "s", 32),
    await later((cb) =>
      crypto.scrypt("p", "s", 10, { N: 1024, r: 2, p: 3 }, cb),
    ),
  ]);
  await call("scrypt of no power", () =>
    crypto.scryptSync("p", "s", 1, { N: 3 }),
  );
  await call("scrypt beyond its memory", () =>
    crypto.scryptSync("p", "s", 1, { N: 1 << 16 }),
  );
  await call("hkdf", async () => [
    crypto.hkdfSync("sha256", "k", "s", "i", 42),
    await later((cb) => crypto.hkdf("sha512", Buffer.from("k"), "", "", 5, cb)),
    crypto.hkdfSync(
      "sha1",
      crypto.createSecretKey(Buffer.from("k")),
      "s",
      "i",
      5,
    ),
  ]);
  await call("hkdf of no digest", () =>
    later((cb) => crypto.hkdf("nope", "k", "", "", 5, cb)),
  );
  await call("hkdf too long", () =>
    crypto.hkdfSync("sha1", "k", "", "", 20 * 256),
  );
  await call("argon2", () =>
    crypto.argon2Sync("argon2id", {
      message: "m",
      nonce: "nonce678",
      parallelism: 2,
      tagLength: 24,
      memory: 64,
      passes: 2,
    }),
  );

  // Ciphers.
  for (const [name, keyBytes, ivBytes, options] of [
    ["aes-256-cbc", 32, 16],
    ["aes-128-ecb", 16, 0],
    ["aes-192-ctr", 24, 16],
    ["aes-256-gcm", 32, 12],
    ["aes-256-gcm", 32, 7, { authTagLength: 8 }],
    ["aes-128-ccm", 16, 12, { authTagLength: 16 }],
    ["aes-256-ocb", 32, 12, { authTagLength: 16 }],
    ["chacha20-poly1305", 32, 12, { authTagLength: 16 }],
    ["des-ede3-cbc", 24, 8],
    ["aes-256-cfb8", 32, 16],
    ["id-aes128-wrap", 16, 8],
  ]) {
    const key = Buffer.alloc(keyBytes, 7);
    const iv = ivBytes ? Buffer.alloc(ivBytes, 9) : null;
    const text = name.includes("wrap")
      ? Buffer.alloc(16, 3)
      : Buffer.from("some plain text that is longer than a block");
    const isSealed = /gcm|ccm|ocb|poly/.test(name);
    await call("cipher ".concat(name, ivBytes), () => {
      const cipher = crypto.createCipheriv(name, key, iv, options);
      if (isSealed)
        cipher.setAAD(Buffer.from("extra"), { plaintextLength: text.length });
      const made = Buffer.concat([cipher.update(text), cipher.final()]);
      const tag = isSealed ? cipher.getAuthTag() : undefined;
      const decipher = crypto.createDecipheriv(name, key, iv, options);
      if (tag) decipher.setAuthTag(tag);
      if (tag)
        decipher.setAAD(Buffer.from("extra"), { plaintextLength: text.length });
      return [
        made,
        tag,
        Buffer.concat([decipher.update(made), decipher.final()]),
      ];
    });
  }
  const cipher = (name = "aes-256-gcm", length = 12) =>
    crypto.createCipheriv(name, Buffer.alloc(32), Buffer.alloc(length));
  const decipher = (name = "aes-256-gcm", length = 12) =>
    crypto.createDecipheriv(name, Buffer.alloc(32), Buffer.alloc(length));
  await call("much to encrypt", () =>
    crypto.hash(
      "sha1",
      Buffer.concat([
        cipher().update(big),
        crypto
          .createCipheriv("aes-128-cfb8", Buffer.alloc(16), Buffer.alloc(16))
          .update(big.subarray(0, 200_000)),
      ]),
    ),
  );
  await call("texts of ciphers", () => {
    const made = cipher("aes-256-cbc", 16);
    return (
      made.update("é", "utf8", "hex") +
      made.update("ff", "hex", "hex") +
      made.final("hex")
    );
  });
  await call("another encoding in between", () => {
    const made = cipher("aes-256-cbc", 16);
    return made.update("x".repeat(20), "utf8", "hex") + made.final("base64");
  });
  await call("without padding", () => {
    const made = cipher("aes-256-cbc", 16).setAutoPadding(false);
    made.update("abc");
    return made.final();
  });
  await call("a wrong end", () => {
    const made = decipher("aes-256-cbc", 16);
    made.update("abc");
    return made.final();
  });
  await call("a wrong tag", () => {
    const made = decipher().setAuthTag(Buffer.alloc(16));
    made.update("abc");
    return made.final();
  });
  await call("a tag of a wrong length", () =>
    decipher().setAuthTag(Buffer.alloc(3)),
  );
  await call("no tag", () => {
    const made = decipher();
    made.update("abc");
    return made.final();
  });
  await call("no such cipher", () => crypto.createCipheriv("nope", "k", "iv"));
  await call("a short key", () =>
    crypto.createCipheriv("aes-128-cbc", "k", Buffer.alloc(16)),
  );
  await call("a short iv", () =>
    crypto.createCipheriv("aes-128-cbc", Buffer.alloc(16), "iv"),
  );
  await call("no iv", () =>
    crypto.createCipheriv("aes-128-cbc", Buffer.alloc(16), null),
  );
  for (const act of [
    "final",
    "update",
    "setAAD",
    "setAutoPadding",
    "getAuthTag",
  ]) {
    await call(`${act} after the end`, () => {
      const made = cipher();
      made.update("a");
      made.final();
      return (
        told(made[act](act === "setAAD" ? Buffer.alloc(1) : "a")) === undefined
      );
    });
    await call(`${act} after a wrong end`, () => {
      const made = decipher("aes-256-cbc", 16);
      made.update("a");
      try {
        made.final();
      } catch {}
      return made[act === "getAuthTag" ? "final" : act](Buffer.alloc(1));
    });
  }
  await call("a tag before the end", () => cipher().getAuthTag());
  await call("about ciphers", () => [
    crypto.getCipherInfo("aes-128-gcm"),
    crypto.getCipherInfo("aes-128-cbc", { keyLength: 3 }),
    crypto.getCipherInfo(895),
    crypto.getCipherInfo("nope"),
    crypto.getCipherInfo("id-aes128-CCM", { ivLength: 9 }),
  ]);
  await call("lists", () => [
    crypto.getHashes(),
    crypto.getCiphers(),
    crypto.getCurves(),
    crypto.getFips(),
    crypto.constants.RSA_PKCS1_PSS_PADDING,
    crypto.constants.defaultCipherList,
  ]);

  // Keys.
  const keys = {};
  for (const [name, pem] of Object.entries(given.privateKeys)) {
    await call(`key ${name}`, () => {
      const privateKey = crypto.createPrivateKey(pem);
      const publicKey = crypto.createPublicKey(privateKey);
      keys[name] = { privateKey, publicKey };
      const forms = [];
      for (const [key, options] of [
        [privateKey, { format: "pem", type: "pkcs8" }],
        [privateKey, { format: "der", type: "pkcs8" }],
        [privateKey, { format: "pem", type: "pkcs1" }],
        [privateKey, { format: "der", type: "sec1" }],
        [privateKey, { format: "jwk" }],
        [privateKey, { format: "raw-private" }],
        [privateKey, { format: "raw-seed" }],
        [publicKey, { format: "pem", type: "spki" }],
        [publicKey, { format: "der", type: "pkcs1" }],
        [publicKey, { format: "jwk" }],
        [publicKey, { format: "raw-public" }],
        [publicKey, { format: "raw-public", type: "compressed" }],
        [publicKey, {}],
        [privateKey, undefined],
      ])
        try {
          forms.push(told(key.export(options)));
        } catch (error) {
          forms.push(told(error));
        }
      return [
        privateKey.type,
        publicKey.type,
        privateKey.asymmetricKeyType,
        told(privateKey.asymmetricKeyDetails),
        told(publicKey.asymmetricKeyDetails),
        publicKey.equals(crypto.createPublicKey(pem)),
        privateKey.equals(publicKey),
        forms,
        Object.prototype.toString.call(privateKey),
      ];
    });
    await call(`key ${name} by JWK`, () => {
      const jwk = keys[name].privateKey.export({ format: "jwk" });
      return [
        crypto
          .createPrivateKey({ key: jwk, format: "jwk" })
          .equals(keys[name].privateKey),
        crypto
          .createPublicKey({ key: jwk, format: "jwk" })
          .equals(keys[name].publicKey),
      ];
    });
    await call(`key ${name} by DER`, () =>
      crypto
        .createPrivateKey({
          key: keys[name].privateKey.export({ format: "der", type: "pkcs8" }),
          format: "der",
          type: "pkcs8",
        })
        .equals(keys[name].privateKey),
    );
  }
  await call("an encrypted key", () => {
    const options = {
      format: "pem",
      type: "pkcs8",
      cipher: "aes-256-cbc",
      passphrase: "secret",
    };
    const pem = keys.rsa.privateKey.export(options);
    return [
      pem.split("\n")[0],
      crypto
        .createPrivateKey({ key: pem, passphrase: "secret" })
        .equals(keys.rsa.privateKey),
      crypto
        .createPrivateKey({ key: given.encrypted, passphrase: "secret" })
        .equals(keys.rsa.privateKey),
    ];
  });
  await call("an encrypted key without its passphrase", () =>
    crypto.createPrivateKey(given.encrypted),
  );
  await call("an encrypted key with a wrong passphrase", () =>
    crypto.createPrivateKey({ key: given.encrypted, passphrase: "x" }),
  );
  await call("secret keys", () => {
    const key = crypto.createSecretKey("abc", "utf8");
    return [
      key.type,
      key.symmetricKeySize,
      key.export(),
      key.export({ format: "jwk" }),
      key.equals(crypto.createSecretKey(Buffer.from("abc"))),
      key.equals(crypto.createSecretKey(Buffer.from("abd"))),
      crypto.createHmac("md5", key).update("a").digest("hex"),
    ];
  });
  for (const [name, work] of Object.entries({
    "no key": () => crypto.createPrivateKey("nope"),
    "no public key": () => crypto.createPublicKey("nope"),
    "a number for a key": () => crypto.createPublicKey(1),
    "a JWK of nothing": () =>
      crypto.createPublicKey({ key: {}, format: "jwk" }),
    "a JWK of a secret": () =>
      crypto.createPublicKey({ key: { kty: "oct", k: "aa" }, format: "jwk" }),
    "a JWK without a curve": () =>
      crypto.createPublicKey({
        key: { kty: "EC", x: "aa", y: "bb" },
        format: "jwk",
      }),
    "a DER without a type": () =>
      crypto.createPublicKey({ key: Buffer.alloc(3), format: "der" }),
    "a public key as a private one": () =>
      crypto.createPrivateKey(
        keys.rsa.publicKey.export({ format: "pem", type: "spki" }),
      ),
    "a key object again": () => crypto.createPrivateKey(keys.rsa.privateKey),
    "a secret as a public key": () =>
      crypto.createPublicKey(crypto.createSecretKey(Buffer.alloc(3))),
    "a short modulus": () =>
      crypto.generateKeyPairSync("rsa", { modulusLength: 10 }),
    "no such curve": () =>
      crypto.generateKeyPairSync("ec", { namedCurve: "nope" }),
    "no such type": () => crypto.generateKeyPairSync("nope"),
    "an engine": () => crypto.setEngine(5),
  }))
    await call(name, work);

  // Signatures.
  const {
    RSA_PKCS1_PSS_PADDING: pss,
    RSA_PKCS1_OAEP_PADDING: oaep,
    RSA_PKCS1_PADDING: pkcs1,
    RSA_NO_PADDING: none,
  } = crypto.constants;
  await call("signatures without chance", () => [
    crypto
      .createSign("RSA-SHA256")
      .update("a")
      .update(Buffer.from("b"))
      .sign(given.privateKeys.rsa, "base64"),
    crypto.createSign("sha512").update(big).sign(keys.rsa.privateKey),
    crypto.sign("sha256", Buffer.from("a"), keys.rsa.privateKey),
    crypto.sign(null, Buffer.from("a"), keys.ed25519.privateKey),
    crypto.sign(undefined, Buffer.from("a"), given.privateKeys.ed448),
    crypto.sign("sha1", Buffer.from("a"), {
      key: keys.rsa.privateKey,
      padding: pss,
      saltLength: 0,
    }),
  ]);
  await call("verified from outside", async () => {
    const results = [];
    for (const { name, algorithm, data, signature, options } of given.signed) {
      const key = { key: keys[name].publicKey, ...options };
      const bytes = Buffer.from(signature, "hex");
      results.push([
        name,
        algorithm,
        crypto.verify(algorithm, Buffer.from(data), key, bytes),
        crypto.verify(algorithm, Buffer.from(`${data}x`), key, bytes),
        await later((cb) =>
          crypto.verify(algorithm, Buffer.from(data), key, bytes, cb),
        ),
        algorithm
          ? crypto
              .createVerify(algorithm)
              .update(data)
              .verify(key, signature, "hex")
          : 0,
      ]);
    }
    return results;
  });
  for (const [name, work] of Object.entries({
    "sign without a key": () => crypto.createSign("sha256").sign(),
    "sign with a public key": () =>
      crypto.createSign("sha256").sign(keys.rsa.publicKey),
    "sign with no PEM": () =>
      crypto.createSign("sha256").update("x").sign("no key"),
    "sign with no digest": () => crypto.createSign("nope"),
    "verify with no digest": () => crypto.createVerify("nope"),
    "sign at once with no digest": () =>
      crypto.sign("nope", Buffer.from("a"), keys.rsa.privateKey),
    "sign at once with a wrong kind": () =>
      crypto.sign("sha256", Buffer.from("a"), keys.ed25519.privateKey),
    "sign with x25519": () =>
      crypto.sign(null, Buffer.from("a"), keys.x25519.privateKey),
    "too long a salt": () =>
      crypto.sign("sha256", Buffer.from("a"), {
        key: keys.rsa.privateKey,
        padding: pss,
        saltLength: 5000,
      }),
    "a signature of nothing": () =>
      crypto.verify(
        "sha256",
        Buffer.from("a"),
        keys.rsa.publicKey,
        Buffer.alloc(0),
      ),
    "decrypt from outside": () => [
      crypto
        .privateDecrypt(
          keys.rsa.privateKey,
          Buffer.from(given.encryptedText, "hex"),
        )
        .toString(),
      crypto
        .privateDecrypt(
          {
            key: given.privateKeys.rsa,
            padding: oaep,
            oaepHash: "sha256",
            oaepLabel: Buffer.from("l"),
          },
          Buffer.from(given.encryptedLabel, "hex"),
        )
        .toString(),
    ],
    "encrypt without chance": () => [
      crypto.privateEncrypt(keys.rsa.privateKey, Buffer.from("a")),
      crypto.publicEncrypt(
        { key: keys.rsa.publicKey, padding: none },
        Buffer.alloc(256, 1),
      ),
      crypto.publicDecrypt(
        keys.rsa.publicKey,
        crypto.privateEncrypt(
          { key: keys.rsa.privateKey, padding: pkcs1 },
          Buffer.from("b"),
        ),
      ),
    ],
    "too much to encrypt": () =>
      crypto.publicEncrypt(keys.rsa.publicKey, Buffer.alloc(300)),
    "nothing to decrypt": () =>
      crypto.privateDecrypt(keys.rsa.privateKey, Buffer.alloc(256)),
    agreement: async () => [
      crypto.diffieHellman({
        privateKey: keys.x25519.privateKey,
        publicKey: crypto.createPublicKey(given.others.x25519),
      }),
      crypto.diffieHellman({
        privateKey: keys.ec.privateKey,
        publicKey: crypto.createPublicKey(given.others.ec),
      }),
      await later((cb) =>
        crypto.diffieHellman(
          {
            privateKey: given.privateKeys.x25519,
            publicKey: given.others.x25519,
          },
          cb,
        ),
      ),
    ],
    "agreement of two kinds": () =>
      crypto.diffieHellman({
        privateKey: keys.x25519.privateKey,
        publicKey: keys.ec.publicKey,
      }),
    "a KEM": () =>
      crypto
        .decapsulate(
          keys["ml-kem-768"].privateKey,
          Buffer.from(given.kem.ciphertext, "hex"),
        )
        .toString("hex") === given.kem.sharedKey,
  }))
    await call(name, work);

  // Exchange of keys.
  await call("ECDH", () => {
    const mine = crypto.createECDH("prime256v1");
    mine.setPrivateKey("01".repeat(32), "hex");
    const other = crypto.createECDH("prime256v1");
    other.setPrivateKey(Buffer.alloc(32, 2));
    return [
      mine.getPublicKey("hex"),
      mine.getPublicKey("base64", "compressed"),
      mine.getPublicKey("hex", "hybrid"),
      mine.getPrivateKey("hex"),
      mine.computeSecret(other.getPublicKey()),
      other.computeSecret(mine.getPublicKey("hex"), "hex", "base64"),
      crypto.ECDH.convertKey(
        mine.getPublicKey(),
        "prime256v1",
        undefined,
        "hex",
        "compressed",
      ),
      mine.generateKeys().length,
    ];
  });
  for (const [name, work] of Object.entries({
    "ECDH over no curve": () => crypto.createECDH("nope"),
    "ECDH without keys": () => crypto.createECDH("prime256v1").getPublicKey(),
    "ECDH without a private key": () =>
      crypto.createECDH("prime256v1").getPrivateKey(),
    "ECDH with no point": () => {
      const ecdh = crypto.createECDH("prime256v1");
      ecdh.generateKeys();
      return ecdh.computeSecret(Buffer.alloc(65));
    },
    "ECDH with a large key": () =>
      crypto.createECDH("prime256v1").setPrivateKey(Buffer.alloc(100, 255)),
    DH: () => {
      const dh = crypto.createDiffieHellman(
        Buffer.from(
          "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a3620ffffffffffffffff",
          "hex",
        ),
      );
      dh.setPrivateKey(Buffer.from("05", "hex"));
      dh.setPublicKey(Buffer.from("20", "hex"));
      return [
        dh.verifyError,
        dh.getPrime("hex"),
        dh.getGenerator("hex"),
        dh.getPrivateKey("hex"),
        dh.getPublicKey("hex"),
        dh.computeSecret(Buffer.from("03", "hex")),
      ];
    },
    "DH of a group": () => {
      const [one, two] = [
        crypto.getDiffieHellman("modp14"),
        crypto.createDiffieHellman(
          crypto.getDiffieHellman("modp14").getPrime(),
        ),
      ];
      one.generateKeys();
      two.generateKeys();
      return [
        one.verifyError,
        two.verifyError,
        one
          .computeSecret(two.getPublicKey())
          .equals(two.computeSecret(one.getPublicKey())),
        one.getPrime().length,
      ];
    },
    "DH of no group": () => crypto.getDiffieHellman("nope"),
    "DH of a wrong size": () => crypto.createDiffieHellman(-1),
    "DH without keys": () =>
      crypto.createDiffieHellman(Buffer.from("17", "hex")).getPublicKey(),
    "DH of a short prime": () => {
      const dh = crypto.createDiffieHellman("17", "hex", 5);
      return [dh.verifyError, dh.getPrime("hex"), dh.getGenerator()];
    },
  }))
    await call(name, work);

  // Certificates.
  await call("certificate", () => {
    const x = new crypto.X509Certificate(given.certificate);
    return [
      x.subject,
      x.subjectAltName,
      x.issuer,
      x.infoAccess,
      x.validFrom,
      x.validTo,
      x.validFromDate,
      x.validToDate,
      x.fingerprint,
      x.fingerprint256,
      x.fingerprint512,
      x.keyUsage,
      x.serialNumber,
      x.signatureAlgorithm,
      x.signatureAlgorithmOid,
      x.raw,
      x.ca,
      x.toString(),
      x.toJSON(),
      x.publicKey.export({ format: "der", type: "spki" }),
      x.checkHost("example.com"),
      x.checkHost("other.test"),
      x.checkHost("example.com", { subject: "never" }),
      x.checkEmail("a@b"),
      x.checkIP("127.0.0.1"),
      x.checkIssued(x),
      x.verify(x.publicKey),
      x.checkPrivateKey(keys.ec.privateKey),
      x.issuerCertificate,
    ];
  });
  await call("certificate of old", () =>
    new crypto.X509Certificate(given.certificate).toLegacyObject(),
  );
  await call("no certificate", () => new crypto.X509Certificate("nope"));

  // WebCrypto.
  const { subtle } = crypto.webcrypto;
  const raw = (algorithm, bytes, ...usages) =>
    subtle.importKey("raw", Buffer.alloc(bytes, 5), algorithm, true, usages);
  for (const name of [
    "SHA-1",
    "sha-256",
    "SHA-384",
    "SHA-512",
    "SHA3-256",
    "MD5",
  ])
    await call(`subtle digest ${name}`, () =>
      subtle.digest(name, Buffer.from("abc")),
    );
  await call("subtle digest of much", () => subtle.digest("SHA-256", big));
  for (const algorithm of [
    { name: "AES-CBC", iv: new Uint8Array(16) },
    {
      name: "AES-GCM",
      iv: new Uint8Array(12),
      additionalData: new Uint8Array(3),
    },
    { name: "AES-GCM", iv: new Uint8Array(12), tagLength: 96 },
    { name: "AES-CTR", counter: Buffer.alloc(16, 255), length: 64 },
    { name: "AES-CTR", counter: Buffer.alloc(16, 1), length: 128 },
  ])
    await call(
      `subtle ${algorithm.name} ${algorithm.length ?? algorithm.tagLength}`,
      async () => {
        const key = await raw(algorithm.name, 32, "encrypt", "decrypt");
        const made = await subtle.encrypt(algorithm, key, Buffer.alloc(100, 6));
        return [key, made, await subtle.decrypt(algorithm, key, made)];
      },
    );
  for (const [name, work] of Object.entries({
    "subtle wrong tag": async () =>
      subtle.decrypt(
        { name: "AES-GCM", iv: new Uint8Array(12) },
        await raw("AES-GCM", 16, "decrypt"),
        Buffer.alloc(30),
      ),
    "subtle short of a tag": async () =>
      subtle.decrypt(
        { name: "AES-GCM", iv: new Uint8Array(12) },
        await raw("AES-GCM", 16, "decrypt"),
        Buffer.alloc(3),
      ),
    "subtle counter too short": async () =>
      subtle.encrypt(
        { name: "AES-CTR", counter: new Uint8Array(16), length: 1 },
        await raw("AES-CTR", 16, "encrypt"),
        Buffer.alloc(100),
      ),
    "subtle use not allowed": async () =>
      subtle.encrypt(
        { name: "AES-CBC", iv: new Uint8Array(16) },
        await raw("AES-CBC", 16, "decrypt"),
        Buffer.alloc(3),
      ),
    "subtle key length": () => raw("AES-CBC", 5, "encrypt"),
    "subtle no algorithm": () => raw("nope", 5, "encrypt"),
    "subtle HMAC": async () => {
      const key = await raw(
        { name: "HMAC", hash: "SHA-256" },
        20,
        "sign",
        "verify",
      );
      const made = await subtle.sign("HMAC", key, Buffer.from("a"));
      return [
        key,
        made,
        await subtle.verify("HMAC", key, made, Buffer.from("a")),
        await subtle.verify("HMAC", key, made, Buffer.from("b")),
        await subtle.exportKey("jwk", key),
      ];
    },
    "subtle PBKDF2": async () =>
      subtle.deriveBits(
        {
          name: "PBKDF2",
          salt: Buffer.from("s"),
          iterations: 100,
          hash: "SHA-256",
        },
        await subtle.importKey("raw", Buffer.from("p"), "PBKDF2", false, [
          "deriveBits",
        ]),
        256,
      ),
    "subtle HKDF": async () =>
      subtle
        .deriveKey(
          {
            name: "HKDF",
            salt: Buffer.from("s"),
            info: Buffer.from("i"),
            hash: "SHA-512",
          },
          await subtle.importKey("raw", Buffer.from("p"), "HKDF", false, [
            "deriveKey",
          ]),
          { name: "AES-GCM", length: 256 },
          true,
          ["encrypt"],
        )
        .then((key) => subtle.exportKey("raw", key)),
    "subtle key wrap": async () => {
      const wrapper = await raw("AES-KW", 16, "wrapKey", "unwrapKey");
      const made = await subtle.wrapKey(
        "raw",
        await raw("AES-CBC", 16, "encrypt"),
        wrapper,
        "AES-KW",
      );
      return [
        made,
        await subtle.unwrapKey(
          "raw",
          made,
          wrapper,
          "AES-KW",
          "AES-CBC",
          true,
          ["encrypt"],
        ),
      ];
    },
    "subtle RSA": async () => {
      const key = await subtle.importKey(
        "pkcs8",
        keys.rsa.privateKey.export({ format: "der", type: "pkcs8" }),
        { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
        true,
        ["sign"],
      );
      const open = await subtle.importKey(
        "jwk",
        keys.rsa.publicKey.export({ format: "jwk" }),
        { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
        true,
        ["verify"],
      );
      const made = await subtle.sign(
        "RSASSA-PKCS1-v1_5",
        key,
        Buffer.from("a"),
      );
      return [
        key,
        open,
        made,
        await subtle.verify("RSASSA-PKCS1-v1_5", open, made, Buffer.from("a")),
        await subtle.exportKey("spki", open),
        await subtle.exportKey("jwk", key),
      ];
    },
    "subtle RSA-PSS": async () => {
      const key = await subtle.importKey(
        "spki",
        keys.rsa.publicKey.export({ format: "der", type: "spki" }),
        { name: "RSA-PSS", hash: "SHA-256" },
        true,
        ["verify"],
      );
      const { signature } = given.signed.find(
        ({ options }) => options && options.padding === pss,
      );
      return subtle.verify(
        { name: "RSA-PSS", saltLength: 32 },
        key,
        Buffer.from(signature, "hex"),
        Buffer.from("data"),
      );
    },
    "subtle RSA-OAEP": async () => {
      const key = await subtle.importKey(
        "pkcs8",
        keys.rsa.privateKey.export({ format: "der", type: "pkcs8" }),
        { name: "RSA-OAEP", hash: "SHA-256" },
        true,
        ["decrypt"],
      );
      return subtle.decrypt(
        { name: "RSA-OAEP", label: Buffer.from("l") },
        key,
        Buffer.from(given.encryptedLabel, "hex"),
      );
    },
    "subtle ECDSA": async () => {
      const key = await subtle.importKey(
        "spki",
        keys.ec.publicKey.export({ format: "der", type: "spki" }),
        { name: "ECDSA", namedCurve: "P-256" },
        true,
        ["verify"],
      );
      const { signature } = given.signed.find(
        ({ options }) => options && options.dsaEncoding,
      );
      return [
        key,
        await subtle.exportKey("raw", key),
        await subtle.exportKey("jwk", key),
        await subtle.verify(
          { name: "ECDSA", hash: "SHA-256" },
          key,
          Buffer.from(signature, "hex"),
          Buffer.from("data"),
        ),
      ];
    },
    "subtle Ed25519": async () => {
      const key = await subtle.importKey(
        "jwk",
        keys.ed25519.privateKey.export({ format: "jwk" }),
        "Ed25519",
        true,
        ["sign"],
      );
      return [
        await subtle.sign("Ed25519", key, Buffer.from("a")),
        await subtle.exportKey("pkcs8", key),
      ];
    },
    "subtle ECDH": async () => {
      const mine = await subtle.importKey(
        "pkcs8",
        keys.ec.privateKey.export({ format: "der", type: "pkcs8" }),
        { name: "ECDH", namedCurve: "P-256" },
        false,
        ["deriveBits"],
      );
      const open = await subtle.importKey(
        "spki",
        crypto
          .createPublicKey(given.others.ec)
          .export({ format: "der", type: "spki" }),
        { name: "ECDH", namedCurve: "P-256" },
        false,
        [],
      );
      return [
        await subtle.deriveBits({ name: "ECDH", public: open }, mine, 256),
        await subtle.deriveBits({ name: "ECDH", public: open }, mine, 250),
      ];
    },
    "subtle wrong curve": () =>
      subtle.importKey(
        "spki",
        keys.ec.publicKey.export({ format: "der", type: "spki" }),
        { name: "ECDSA", namedCurve: "P-384" },
        true,
        ["verify"],
      ),
    "subtle garbage": () =>
      subtle.importKey(
        "spki",
        Buffer.alloc(30),
        { name: "ECDSA", namedCurve: "P-256" },
        true,
        ["verify"],
      ),
    "subtle not to be exported": async () =>
      subtle.exportKey(
        "raw",
        await subtle.importKey("raw", Buffer.alloc(16), "AES-CBC", false, [
          "encrypt",
        ]),
      ),
    "subtle generation": async () => {
      const made = [];
      for (const [algorithm, ...usages] of [
        ["Ed25519", "sign", "verify"],
        ["X25519", "deriveBits"],
        [{ name: "ECDSA", namedCurve: "P-384" }, "sign"],
        [{ name: "AES-GCM", length: 192 }, "encrypt"],
        [{ name: "HMAC", hash: "SHA-1" }, "sign"],
        [
          {
            name: "RSA-PSS",
            modulusLength: 2048,
            publicExponent: new Uint8Array([1, 0, 1]),
            hash: "SHA-512",
          },
          "sign",
          "verify",
        ],
      ]) {
        const key = await subtle.generateKey(algorithm, true, usages);
        made.push(
          told(
            key.publicKey
              ? { publicKey: key.publicKey, privateKey: key.privateKey }
              : key,
          ),
        );
      }
      return made;
    },
    "subtle from a KeyObject": () => [
      keys.rsa.publicKey.toCryptoKey(
        { name: "RSA-PSS", hash: "SHA-256" },
        true,
        ["verify"],
      ),
      crypto.KeyObject.from(
        keys.ec.privateKey.toCryptoKey(
          { name: "ECDSA", namedCurve: "P-256" },
          true,
          ["sign"],
        ),
      ).type,
    ],
    "the global": () => [
      globalThis.crypto === crypto.webcrypto,
      globalThis.crypto.subtle === subtle,
      globalThis.crypto.getRandomValues(new Uint8Array(4)).length,
      typeof CryptoKey,
    ],
  }))
    await call(name, work);

  // Generation: forms and kinds, for the keys differ.
  await call("generation", async () => {
    const kinds = [];
    const note = ({ publicKey, privateKey }) =>
      kinds.push([
        publicKey.type ?? typeof publicKey,
        privateKey.asymmetricKeyType ?? typeof privateKey,
        privateKey.asymmetricKeyDetails &&
          told(privateKey.asymmetricKeyDetails),
      ]);
    note(crypto.generateKeyPairSync("rsa", { modulusLength: 1024 }));
    note(
      crypto.generateKeyPairSync("rsa-pss", {
        modulusLength: 1024,
        hashAlgorithm: "sha256",
        mgf1HashAlgorithm: "sha1",
        saltLength: 8,
      }),
    );
    note(crypto.generateKeyPairSync("ec", { namedCurve: "secp256k1" }));
    note(
      crypto.generateKeyPairSync("ec", {
        namedCurve: "P-256",
        paramEncoding: "explicit",
      }),
    );
    for (const type of ["ed25519", "x448", "ml-dsa-44", "ml-kem-512"])
      note(crypto.generateKeyPairSync(type));
    note(crypto.generateKeyPairSync("dh", { group: "modp14" }));
    const [publicKey, privateKey] = await later((cb) =>
      crypto.generateKeyPair(
        "ec",
        {
          namedCurve: "P-256",
          publicKeyEncoding: { format: "pem", type: "spki" },
          privateKeyEncoding: { format: "der", type: "sec1" },
        },
        cb,
      ),
    );
    kinds.push([publicKey.split("\n")[0], privateKey.constructor.name]);
    const jwks = crypto.generateKeyPairSync("ed25519", {
      publicKeyEncoding: { format: "jwk" },
      privateKeyEncoding: {
        format: "pem",
        type: "pkcs8",
        cipher: "aes-128-cbc",
        passphrase: "p",
      },
    });
    kinds.push([Object.keys(jwks.publicKey), jwks.privateKey.split("\n")[0]]);
    kinds.push([
      crypto.generateKeySync("aes", { length: 192 }).symmetricKeySize,
      (await later((cb) => crypto.generateKey("hmac", { length: 123 }, cb)))
        .symmetricKeySize,
    ]);
    return kinds;
  });
  // Last: what it leaves in OpenSSL's list of errors makes plain Node abort at the next job of WebCrypto.
  await call("SPKAC", () => [
    crypto.Certificate.verifySpkac("x"),
    crypto.Certificate.exportChallenge("x"),
    crypto.Certificate.exportPublicKey("x"),
  ]);
  return outcomes;
};
