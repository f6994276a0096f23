/** Checks of symmetric ciphers. */
import * as crypto from "node:crypto";
import { member, thrown, type Check } from "../check.ts";

const key = Buffer.alloc(32, 1);
const iv = Buffer.alloc(16, 2);
const nonce = Buffer.alloc(12, 3);
const plain = "attack at dawn, not at noon";

function sealed(): { text: Buffer; tag: Buffer } {
  const cipher = crypto.createCipheriv("aes-256-gcm", key, nonce);
  cipher.setAAD(Buffer.from("aad"));
  const text = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { text, tag: cipher.getAuthTag() };
}

function unsealing(): crypto.DecipherGCM {
  const decipher = crypto.createDecipheriv("aes-256-gcm", key, nonce);
  return decipher.setAAD(Buffer.from("aad"));
}

function encrypted(): Buffer {
  const cipher = crypto.createCipheriv("aes-256-cbc", key, iv);
  return Buffer.concat([cipher.update(plain), cipher.final()]);
}

export function cipherChecks(): Record<string, Check> {
  return {
    getCiphers: () => crypto.getCiphers().toSorted(),
    getCipherInfo: () => [
      crypto.getCipherInfo("aes-128-cbc"),
      crypto.getCipherInfo("chacha20-poly1305", { ivLength: 12 }),
      crypto.getCipherInfo("nonsense"),
    ],
    createCipheriv: () => [
      ["aes-256-cbc", "aes-256-ctr", "aes-256-ofb"].map((name) => {
        const cipher = crypto.createCipheriv(name, key, iv);
        return cipher.update(plain, "utf8", "hex") + cipher.final("hex");
      }),
      thrown(() => crypto.createCipheriv("nonsense", key, iv)),
      thrown(() => crypto.createCipheriv("aes-128-cbc", key, iv)),
      thrown(() => crypto.createCipheriv("aes-256-cbc", key, nonce)),
    ],
    createDecipheriv: () => {
      const decipher = crypto.createDecipheriv("aes-256-cbc", key, iv);
      const bad = crypto.createDecipheriv("aes-256-cbc", nonceKey(), iv);
      bad.update(encrypted());
      return [
        decipher.update(encrypted(), undefined, "utf8") +
          decipher.final("utf8"),
        thrown(() => bad.final()),
      ];
    },
    Cipheriv: () => {
      const cipher = Reflect.construct(crypto.Cipheriv, [
        "aes-256-cbc",
        key,
        iv,
      ]);
      return [
        cipher.final("hex"),
        crypto.createCipheriv("aes-256-cbc", key, iv) instanceof
          crypto.Cipheriv,
      ];
    },
    "Cipheriv#update": () => {
      const cipher = crypto.createCipheriv("aes-256-cbc", key, iv);
      return [
        cipher.update("short"),
        cipher.update("6869".repeat(20), "hex", "base64"),
        thrown(() => member(cipher, "update")(1)),
      ];
    },
    "Cipheriv#final": () => {
      const cipher = crypto.createCipheriv("aes-256-cbc", key, iv);
      return [cipher.final("hex"), thrown(() => cipher.final())];
    },
    "Cipheriv#setAutoPadding": () => {
      const cipher = crypto.createCipheriv("aes-256-cbc", key, iv);
      cipher.setAutoPadding(false);
      cipher.update("short");
      return thrown(() => cipher.final());
    },
    "Cipheriv#getAuthTag": () => sealed().tag,
    "Cipheriv#setAAD": () => {
      const cipher = crypto.createCipheriv("chacha20-poly1305", key, nonce, {
        authTagLength: 16,
      });
      cipher.setAAD(Buffer.from("other"), { plaintextLength: 3 });
      return [cipher.update("abc"), cipher.final(), cipher.getAuthTag()];
    },
    Decipheriv: () => unsealing() instanceof crypto.Decipheriv,
    "Decipheriv#update": () => {
      const decipher = crypto.createDecipheriv("aes-256-cbc", key, iv);
      return decipher.update(encrypted(), undefined, "latin1");
    },
    "Decipheriv#final": () => {
      const decipher = unsealing().setAuthTag(Buffer.alloc(16));
      decipher.update(sealed().text);
      return thrown(() => decipher.final());
    },
    "Decipheriv#setAutoPadding": () => {
      const decipher = crypto.createDecipheriv("aes-256-cbc", key, iv);
      decipher.setAutoPadding(false);
      return Buffer.concat([decipher.update(encrypted()), decipher.final()]);
    },
    "Decipheriv#setAuthTag": () => {
      const { text, tag } = sealed();
      const decipher = unsealing().setAuthTag(tag);
      return [
        decipher.update(text, undefined, "utf8") + decipher.final("utf8"),
        thrown(() => unsealing().setAuthTag(Buffer.alloc(3))),
      ];
    },
    "Decipheriv#setAAD": () => {
      const { text, tag } = sealed();
      const decipher = crypto.createDecipheriv("aes-256-gcm", key, nonce);
      decipher.setAAD(Buffer.from("forged")).setAuthTag(tag);
      decipher.update(text);
      return thrown(() => decipher.final());
    },
  };
}

function nonceKey(): Buffer {
  return Buffer.alloc(32, 9);
}
