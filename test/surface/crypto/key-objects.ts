/** Checks of keys: making, reading, telling. */
import * as crypto from "node:crypto";
import { called, member, thrown, type Check } from "../check.ts";
import { ecPrivateKey, edPrivateKey, rsaPrivateKey } from "../keys.ts";

export function keyChecks(): Record<string, Check> {
  const secret = () => crypto.createSecretKey(Buffer.from("0123456789abcdef"));
  return {
    ...generated(),
    createSecretKey: () => [
      secret().export(),
      crypto.createSecretKey("6869", "hex").symmetricKeySize,
      thrown(() => member(crypto, "createSecretKey")(1)),
    ],
    createPrivateKey: () => [
      crypto.createPrivateKey(rsaPrivateKey).export({ format: "jwk" }),
      crypto
        .createPrivateKey(edPrivateKey)
        .export({ type: "pkcs8", format: "der" }),
      crypto.createPrivateKey(rsaPrivateKey).asymmetricKeyDetails,
      thrown(() => crypto.createPrivateKey("nonsense")),
    ],
    createPublicKey: () => [
      crypto
        .createPublicKey(rsaPrivateKey)
        .export({ type: "spki", format: "pem" }),
      crypto
        .createPublicKey(rsaPrivateKey)
        .export({ type: "pkcs1", format: "der" }),
      crypto.createPublicKey(ecPrivateKey).asymmetricKeyDetails,
      crypto
        .createPublicKey({
          key: crypto.createPublicKey(edPrivateKey).export({ format: "jwk" }),
          format: "jwk",
        })
        .export({ type: "spki", format: "pem" }),
    ],
    KeyObject: () => [
      secret() instanceof crypto.KeyObject,
      Object.prototype.toString.call(secret()),
      thrown(() => Reflect.construct(crypto.KeyObject, ["other", {}])),
    ],
    "KeyObject#type": () => [
      secret().type,
      crypto.createPrivateKey(ecPrivateKey).type,
      crypto.createPublicKey(ecPrivateKey).type,
    ],
    "KeyObject#equals": () => [
      secret().equals(secret()),
      crypto
        .createPublicKey(ecPrivateKey)
        .equals(crypto.createPublicKey(ecPrivateKey)),
      secret().equals(crypto.createSecretKey(Buffer.from("other"))),
    ],
    "KeyObject#toCryptoKey": async () => {
      const key: crypto.webcrypto.CryptoKey = member(secret(), "toCryptoKey")(
        { name: "HMAC", hash: "SHA-256" },
        true,
        ["sign"],
      );
      return [
        key.algorithm.name,
        key.usages,
        await crypto.subtle.sign("HMAC", key, Buffer.from("abc")),
      ];
    },
    "KeyObject.from": async () => {
      const key = await crypto.subtle.importKey(
        "raw",
        Buffer.alloc(16, 1),
        "AES-CBC",
        true,
        ["encrypt"],
      );
      return crypto.KeyObject.from(key).export();
    },
    privateDecrypt: () => {
      const text = crypto.publicEncrypt(rsaPrivateKey, Buffer.from("hidden"));
      return [
        crypto.privateDecrypt(rsaPrivateKey, text).toString(),
        thrown(() => crypto.privateDecrypt(ecPrivateKey, text)),
      ];
    },
    publicEncrypt: () => {
      const key = crypto.createPublicKey(rsaPrivateKey);
      const text = crypto.publicEncrypt(
        { key, oaepHash: "sha256" },
        Buffer.from("hidden"),
      );
      return [
        text.length,
        crypto
          .privateDecrypt({ key: rsaPrivateKey, oaepHash: "sha256" }, text)
          .toString(),
        thrown(() => crypto.publicEncrypt(key, Buffer.alloc(300))),
      ];
    },
    privateEncrypt: () =>
      crypto.privateEncrypt(rsaPrivateKey, Buffer.from("told")),
    publicDecrypt: () =>
      crypto
        .publicDecrypt(
          crypto.createPublicKey(rsaPrivateKey),
          crypto.privateEncrypt(rsaPrivateKey, Buffer.from("told")),
        )
        .toString(),
  };
}

function generated(): Record<string, Check> {
  const pem = {
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  } as const;
  return {
    generateKeyPair: async () => {
      const [error, publicKey, privateKey] = await called((callback) =>
        crypto.generateKeyPair("ed25519", pem, callback),
      );
      const signature = crypto.sign(null, Buffer.from("a"), String(privateKey));
      return [
        error,
        crypto.verify(null, Buffer.from("a"), String(publicKey), signature),
      ];
    },
    generateKeyPairSync: () => {
      const { publicKey, privateKey } = crypto.generateKeyPairSync("ec", {
        namedCurve: "P-256",
      });
      const rsa = crypto.generateKeyPairSync("rsa", {
        modulusLength: 512,
        ...pem,
      });
      const signature = crypto.sign("sha256", Buffer.from("a"), privateKey);
      return [
        crypto.verify("sha256", Buffer.from("a"), publicKey, signature),
        rsa.publicKey.split("\n")[0],
        crypto.createPublicKey(rsa.publicKey).asymmetricKeyDetails,
        thrown(() => member(crypto, "generateKeyPairSync")("nonsense", {})),
      ];
    },
    generateKey: async () => {
      const [error, key] = await called((callback) =>
        crypto.generateKey("hmac", { length: 64 }, callback),
      );
      return [error, key instanceof crypto.KeyObject && key.symmetricKeySize];
    },
    generateKeySync: () => [
      crypto.generateKeySync("aes", { length: 192 }).symmetricKeySize,
      thrown(() => member(crypto, "generateKeySync")("aes", { length: 1 })),
    ],
  };
}
