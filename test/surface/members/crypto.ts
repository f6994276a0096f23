import * as crypto from "node:crypto";
import {
  member,
  thrown,
  unavailable,
  valuesOf,
  type Surface,
} from "../check.ts";
import { cipherChecks } from "../crypto/ciphers.ts";
import { exchangeChecks } from "../crypto/exchange.ts";
import { hashChecks } from "../crypto/hashes.ts";
import { keyChecks } from "../crypto/key-objects.ts";
import { derivationChecks } from "../crypto/derivation.ts";
import { signatureChecks } from "../crypto/signatures.ts";
import { certificateChecks } from "../crypto/certificates.ts";
import { randomChecks } from "../crypto/random.ts";

export const surface: Surface = {
  module: "crypto",
  checks: {
    ...hashChecks(),
    ...cipherChecks(),
    ...derivationChecks(),
    ...exchangeChecks(),
    ...keyChecks(),
    ...signatureChecks(),
    ...certificateChecks(),
    ...randomChecks(),
    ...valuesOf(crypto, ["constants"]),
    getFips: () => crypto.getFips(),
    // It would change the whole process.
    setFips: unavailable(() => crypto.setFips(true)),
    setEngine: () => thrown(() => member(crypto, "setEngine")(1)),
    secureHeapUsed: () => crypto.secureHeapUsed(),
    timingSafeEqual: () => [
      crypto.timingSafeEqual(Buffer.from("abc"), Buffer.from("abc")),
      crypto.timingSafeEqual(Buffer.from("abc"), Buffer.from("abd")),
      thrown(() => crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("ab"))),
    ],
    webcrypto: async () => [
      await crypto.webcrypto.subtle.digest("SHA-256", Buffer.from("abc")),
      crypto.webcrypto === globalThis.crypto,
    ],
    subtle: () => crypto.subtle.digest("SHA-1", Buffer.from("abc")),
  },
};
