/** Checks of hashes and of codes that need a key. */
import * as crypto from "node:crypto";
import { member, textOf, thrown, type Check } from "../check.ts";

const algorithms = [
  "md5",
  "sha1",
  "sha224",
  "sha256",
  "sha384",
  "sha512",
  "sha512-256",
  "sha3-256",
  "ripemd160",
  "blake2b512",
  "RSA-SHA256",
];

export function hashChecks(): Record<string, Check> {
  const hash = () => crypto.createHash("sha256");
  const hmac = () => crypto.createHmac("sha256", "key");
  return {
    createHash: () => [
      algorithms.map((each) =>
        crypto.createHash(each).update("abc").digest("hex"),
      ),
      crypto.createHash("shake256", { outputLength: 8 }).digest("hex"),
      thrown(() => crypto.createHash("nonsense")),
    ],
    createHmac: () => [
      algorithms
        .slice(0, 6)
        .map((each) =>
          crypto.createHmac(each, "key").update("abc").digest("hex"),
        ),
      crypto
        .createHmac("sha1", crypto.createSecretKey(Buffer.from("key")))
        .update("abc")
        .digest("base64"),
      thrown(() => crypto.createHmac("nonsense", "key")),
    ],
    createMac: () => {
      const mac = member(crypto, "createMac")("HMAC", Buffer.from("key"), {
        digest: "SHA256",
      });
      return mac.update("abc").final("hex");
    },
    getMacs: () => member(crypto, "getMacs")(),
    hash: () => [
      crypto.hash("sha1", "abc"),
      crypto.hash("sha256", Buffer.from("abc"), "base64"),
      thrown(() => crypto.hash("nonsense", "abc")),
    ],
    getHashes: () => crypto.getHashes().toSorted(),
    Hash: () => [
      hash() instanceof crypto.Hash,
      Reflect.apply(member(crypto, "Hash"), undefined, ["md5"]).digest("hex"),
    ],
    "Hash#update": () => [
      hash()
        .update("é", "latin1")
        .update(new Uint16Array([1]))
        .digest("hex"),
      thrown(() => member(hash(), "update")(1)),
    ],
    "Hash#digest": () => {
      const made = hash();
      return [
        made.digest(),
        thrown(() => made.digest()),
        hash().digest("base64url"),
      ];
    },
    "Hash#copy": () => {
      const made = hash().update("a");
      const copy = made.copy().update("b");
      return [
        made.digest("hex"),
        copy.digest("hex"),
        thrown(() => made.copy()),
      ];
    },
    Hmac: async () => {
      const made = hmac();
      made.end("streamed");
      return [made instanceof crypto.Hmac, (await textOf(made)).length > 0];
    },
    "Hmac#update": () => hmac().update("a").update(Buffer.from("b")).digest(),
    "Hmac#digest": () => {
      const made = hmac();
      return [made.digest("hex"), made.digest("hex")];
    },
  };
}
