/** Checks of WebCrypto: known answers where there are some, else there and back. */
import type { webcrypto } from "node:crypto";
import { member, rejected, thrown, type Check } from "../check.ts";

const text = Buffer.from("attack at dawn");
const { subtle } = globalThis.crypto ?? {};
const raw = (size: number) => new Uint8Array(size).fill(7);

function aes(name: string, usages: KeyUsage[], size = 16): Promise<CryptoKey> {
  return subtle.importKey("raw", raw(size), name, true, usages);
}

type KeyUsage =
  | "encrypt"
  | "decrypt"
  | "wrapKey"
  | "unwrapKey"
  | "deriveBits"
  | "deriveKey"
  | "sign"
  | "verify";

export function subtleChecks(): Record<string, Check> {
  return { ...cryptoChecks(), ...operations(), ...keys(), ...encapsulation() };
}

function cryptoChecks(): Record<string, Check> {
  return {
    crypto: () => [
      crypto instanceof Crypto,
      Object.prototype.toString.call(crypto),
    ],
    Crypto: () => thrown(() => Reflect.construct(Crypto, [])),
    "Crypto#subtle": () => crypto.subtle instanceof SubtleCrypto,
    "Crypto#getRandomValues": () => {
      const bytes = new Uint8Array(32);
      return [
        crypto.getRandomValues(bytes) === bytes,
        bytes.some((byte) => byte !== 0),
        thrown(() => crypto.getRandomValues(new Uint8Array(65_537))),
      ];
    },
    "Crypto#randomUUID": () => [
      /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/.test(crypto.randomUUID()),
      crypto.randomUUID() === crypto.randomUUID(),
    ],
    SubtleCrypto: () => thrown(() => Reflect.construct(SubtleCrypto, [])),
    "SubtleCrypto.supports": () => [
      member(SubtleCrypto, "supports")("digest", "SHA-256"),
      member(SubtleCrypto, "supports")("digest", "nonsense"),
    ],
  };
}

function operations(): Record<string, Check> {
  const iv = raw(16);
  return {
    "SubtleCrypto#digest": async () => [
      await Promise.all(
        ["SHA-1", "SHA-256", "SHA-384", "SHA-512", "SHA3-256"].map((name) =>
          subtle.digest(name, text),
        ),
      ),
      await rejected(subtle.digest("nonsense", text)),
    ],
    "SubtleCrypto#encrypt": async () => [
      await subtle.encrypt(
        { name: "AES-CBC", iv },
        await aes("AES-CBC", ["encrypt"]),
        text,
      ),
      await subtle.encrypt(
        { name: "AES-GCM", iv: raw(12), additionalData: raw(3) },
        await aes("AES-GCM", ["encrypt"], 32),
        text,
      ),
      await subtle.encrypt(
        { name: "AES-CTR", counter: iv, length: 64 },
        await aes("AES-CTR", ["encrypt"]),
        text,
      ),
      await rejected(
        subtle.encrypt(
          { name: "AES-CBC", iv },
          await aes("AES-CBC", ["decrypt"]),
          text,
        ),
      ),
    ],
    "SubtleCrypto#decrypt": async () => {
      const key = await aes("AES-GCM", ["encrypt", "decrypt"]);
      const how = { name: "AES-GCM", iv: raw(12) };
      const sealed = await subtle.encrypt(how, key, text);
      return [
        await subtle.decrypt(how, key, sealed),
        await rejected(subtle.decrypt(how, key, sealed.slice(1))),
      ];
    },
    "SubtleCrypto#sign": async () => {
      const how = { name: "HMAC", hash: "SHA-256" };
      const key = await subtle.importKey("raw", raw(9), how, false, ["sign"]);
      return subtle.sign("HMAC", key, text);
    },
    "SubtleCrypto#verify": async () => {
      const how = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
      const { publicKey, privateKey } = await subtle.generateKey(how, true, [
        "sign",
        "verify",
      ]);
      const signature = await subtle.sign(how, privateKey, text);
      return [
        signature.byteLength,
        await subtle.verify(how, publicKey, signature, text),
        await subtle.verify(how, publicKey, signature, raw(3)),
      ];
    },
    "SubtleCrypto#deriveBits": async () => {
      const secret = await subtle.importKey("raw", text, "PBKDF2", false, [
        "deriveBits",
      ]);
      const other = await subtle.importKey("raw", text, "HKDF", false, [
        "deriveBits",
      ]);
      return [
        await subtle.deriveBits(
          { name: "PBKDF2", hash: "SHA-1", salt: raw(8), iterations: 5 },
          secret,
          160,
        ),
        await subtle.deriveBits(
          { name: "HKDF", hash: "SHA-256", salt: raw(8), info: raw(2) },
          other,
          128,
        ),
      ];
    },
    "SubtleCrypto#deriveKey": async () => {
      const how = { name: "X25519" };
      const pair = (): Promise<webcrypto.CryptoKeyPair> =>
        member(subtle, "generateKey")(how, true, ["deriveKey"]);
      const [a, b] = await Promise.all([pair(), pair()]);
      const shared = (
        own: webcrypto.CryptoKeyPair,
        other: webcrypto.CryptoKeyPair,
      ) =>
        subtle.deriveKey(
          { name: "X25519", public: other.publicKey },
          own.privateKey,
          { name: "AES-GCM", length: 128 },
          true,
          ["encrypt"],
        );
      const [ours, theirs] = await Promise.all([
        shared(a, b).then((key) => subtle.exportKey("raw", key)),
        shared(b, a).then((key) => subtle.exportKey("raw", key)),
      ]);
      return [
        Buffer.compare(Buffer.from(ours), Buffer.from(theirs)),
        ours.byteLength,
      ];
    },
  };
}

function keys(): Record<string, Check> {
  return {
    CryptoKey: async () => [
      (await aes("AES-CBC", ["encrypt"])) instanceof CryptoKey,
      thrown(() => Reflect.construct(CryptoKey, [])),
    ],
    "CryptoKey#type": async () => (await aes("AES-CBC", ["encrypt"])).type,
    "CryptoKey#extractable": async () =>
      (await aes("AES-CBC", ["encrypt"])).extractable,
    "CryptoKey#algorithm": async () =>
      (await aes("AES-CBC", ["encrypt"])).algorithm,
    "CryptoKey#usages": async () =>
      (await aes("AES-CBC", ["decrypt", "encrypt"])).usages,
    "SubtleCrypto#generateKey": async () => {
      const key = await subtle.generateKey(
        { name: "AES-GCM", length: 256 },
        true,
        ["encrypt"],
      );
      const pair = await subtle.generateKey(
        {
          name: "RSASSA-PKCS1-v1_5",
          modulusLength: 1024,
          publicExponent: new Uint8Array([1, 0, 1]),
          hash: "SHA-256",
        },
        false,
        ["sign", "verify"],
      );
      return [
        (await subtle.exportKey("raw", key)).byteLength,
        pair.publicKey.algorithm,
        pair.privateKey.extractable,
        await rejected(
          subtle.generateKey({ name: "AES-GCM", length: 1 }, true, ["encrypt"]),
        ),
      ];
    },
    "SubtleCrypto#importKey": async () => {
      const key = await subtle.importKey(
        "jwk",
        { kty: "oct", k: "AAECAwQFBgcICQoLDA0ODw", alg: "A128CBC" },
        "AES-CBC",
        true,
        ["encrypt"],
      );
      return [
        await subtle.exportKey("raw", key),
        await rejected(
          subtle.importKey("raw", raw(3), "AES-CBC", true, ["encrypt"]),
        ),
      ];
    },
    "SubtleCrypto#exportKey": async () => [
      await subtle.exportKey("jwk", await aes("AES-CBC", ["encrypt"])),
      await rejected(
        subtle.exportKey(
          "raw",
          await subtle.importKey("raw", raw(16), "AES-CBC", false, ["encrypt"]),
        ),
      ),
    ],
    "SubtleCrypto#wrapKey": async () =>
      subtle.wrapKey(
        "raw",
        await aes("AES-CBC", ["encrypt"]),
        await aes("AES-KW", ["wrapKey"]),
        "AES-KW",
      ),
    "SubtleCrypto#unwrapKey": async () => {
      const wrapping = await aes("AES-KW", ["wrapKey", "unwrapKey"]);
      const key = await aes("AES-CBC", ["encrypt"]);
      const wrapped = await subtle.wrapKey("raw", key, wrapping, "AES-KW");
      const back = await subtle.unwrapKey(
        "raw",
        wrapped,
        wrapping,
        "AES-KW",
        "AES-CBC",
        true,
        ["encrypt"],
      );
      return subtle.exportKey("raw", back);
    },
    "SubtleCrypto#getPublicKey": async () => {
      const pair: webcrypto.CryptoKeyPair = await member(subtle, "generateKey")(
        "Ed25519",
        true,
        ["sign", "verify"],
      );
      const found: CryptoKey = await member(subtle, "getPublicKey")(
        pair.privateKey,
        ["verify"],
      );
      const [ours, theirs] = await Promise.all([
        subtle.exportKey("raw", found),
        subtle.exportKey("raw", pair.publicKey),
      ]);
      return Buffer.compare(Buffer.from(ours), Buffer.from(theirs));
    },
  };
}

/** ML-KEM: what one side seals, the other opens. */
function encapsulation(): Record<string, Check> {
  const pair = (usages: string[]): Promise<webcrypto.CryptoKeyPair> =>
    member(subtle, "generateKey")("ML-KEM-768", true, usages);
  const forBits = () => pair(["encapsulateBits", "decapsulateBits"]);
  const forKeys = () => pair(["encapsulateKey", "decapsulateKey"]);
  const sealBits = (key: CryptoKey) =>
    member(subtle, "encapsulateBits")("ML-KEM-768", key);
  const sealKey = (key: CryptoKey) =>
    member(subtle, "encapsulateKey")("ML-KEM-768", key, "AES-GCM", true, [
      "encrypt",
    ]);
  return {
    "SubtleCrypto#encapsulateBits": async () => {
      const { sharedKey, ciphertext } = await sealBits(
        (await forBits()).publicKey,
      );
      return [sharedKey.byteLength, ciphertext.byteLength];
    },
    "SubtleCrypto#decapsulateBits": async () => {
      const { publicKey, privateKey } = await forBits();
      const { sharedKey, ciphertext } = await sealBits(publicKey);
      const opened = await member(subtle, "decapsulateBits")(
        "ML-KEM-768",
        privateKey,
        ciphertext,
      );
      return Buffer.compare(Buffer.from(opened), Buffer.from(sharedKey));
    },
    "SubtleCrypto#encapsulateKey": async () => {
      const { sharedKey, ciphertext } = await sealKey(
        (await forKeys()).publicKey,
      );
      return [sharedKey.algorithm, ciphertext.byteLength];
    },
    "SubtleCrypto#decapsulateKey": async () => {
      const { publicKey, privateKey } = await forKeys();
      const { sharedKey, ciphertext } = await sealKey(publicKey);
      const opened: CryptoKey = await member(subtle, "decapsulateKey")(
        "ML-KEM-768",
        privateKey,
        ciphertext,
        "AES-GCM",
        true,
        ["encrypt"],
      );
      const [ours, theirs] = await Promise.all([
        subtle.exportKey("raw", opened),
        subtle.exportKey("raw", sharedKey),
      ]);
      return Buffer.compare(Buffer.from(ours), Buffer.from(theirs));
    },
  };
}
