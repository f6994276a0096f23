/** Checks of what makes keys of passwords and of other keys. */
import * as crypto from "node:crypto";
import { called, member, thrown, type Check } from "../check.ts";

const argon = {
  message: Buffer.from("password"),
  nonce: Buffer.from("saltsalt"),
  parallelism: 1,
  tagLength: 16,
  memory: 8,
  passes: 1,
};

export function derivationChecks(): Record<string, Check> {
  return {
    pbkdf2: async () => [
      await called((callback) =>
        crypto.pbkdf2("password", "salt", 10, 20, "sha512", callback),
      ),
      thrown(() => member(crypto, "pbkdf2")("a", "b", 1, 1, "sha1")),
    ],
    pbkdf2Sync: () => [
      crypto.pbkdf2Sync("password", Buffer.from("salt"), 1, 16, "sha1"),
      thrown(() => crypto.pbkdf2Sync("a", "b", 1, 1, "nonsense")),
      thrown(() => crypto.pbkdf2Sync("a", "b", 0, 1, "sha1")),
    ],
    scrypt: async () => [
      await called((callback) =>
        crypto.scrypt("password", "salt", 16, { N: 16, r: 1, p: 1 }, callback),
      ),
    ],
    scryptSync: () => [
      crypto.scryptSync("password", "salt", 24, { N: 1024 }),
      thrown(() => crypto.scryptSync("a", "b", 8, { N: 3 })),
    ],
    hkdf: async () => [
      await called((callback) =>
        crypto.hkdf("sha256", "key", "salt", "info", 24, callback),
      ),
    ],
    hkdfSync: () => [
      crypto.hkdfSync("sha512", "key", Buffer.from("salt"), "info", 24),
      thrown(() => crypto.hkdfSync("sha1", "k", "s", "i", 10_000)),
    ],
    argon2: () =>
      called((callback) =>
        member(crypto, "argon2")("argon2id", argon, callback),
      ),
    argon2Sync: () => [
      member(crypto, "argon2Sync")("argon2d", argon),
      thrown(() => member(crypto, "argon2Sync")("argon3", argon)),
    ],
  };
}
