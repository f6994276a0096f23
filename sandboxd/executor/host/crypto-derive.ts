/** Keys out of passwords and secrets, primes and randomness: what is costly by design, bounded by its cost. */
import * as crypto from "node:crypto";
import {
  bytesOf,
  checkBound,
  maybeBytes,
  numberOf,
  own,
  textOf,
} from "./crypto-bounds.ts";
import type { HostOperations } from "./operations.ts";

const cheapDigests =
  /^(?:rsa-)?(?:sha-?1|sha-?224|sha-?256|sha2-?2(?:24|56))$/i;
const fairDigests =
  /^(?:rsa-)?(?:md5|sm3|sha-?384|sha-?512|sha2-?(?:384|512))/i;
const shortestDigestBytes = 16;
const argon2Types = ["argon2d", "argon2i", "argon2id"] as const;

export function deriveOperations(): HostOperations {
  return {
    "crypto.random": (size) => {
      const count = numberOf(size);
      checkBound("randomBytes", count);
      return crypto.randomFillSync(new Uint8Array(count));
    },
    "crypto.pbkdf2": (password, salt, iterations, length, digest) => {
      const name = textOf(digest);
      const bytes = numberOf(length);
      checkBound("outputBytes", bytes);
      const blocks = Math.ceil(bytes / digestBytes(name));
      checkBound("pbkdf2Cost", numberOf(iterations) * blocks * weightOf(name));
      return own(
        crypto.pbkdf2Sync(
          bytesOf(password),
          bytesOf(salt),
          numberOf(iterations),
          bytes,
          name,
        ),
      );
    },
    "crypto.scrypt": (
      password,
      salt,
      length,
      cost,
      blockSize,
      lanes,
      maxmem,
    ) => {
      const N = numberOf(cost);
      const r = numberOf(blockSize);
      const p = numberOf(lanes);
      checkBound("scryptCost", N * r * p);
      checkBound("scryptMemoryBytes", 128 * r * (N + p));
      checkBound("outputBytes", numberOf(length));
      return own(
        crypto.scryptSync(bytesOf(password), bytesOf(salt), numberOf(length), {
          N,
          r,
          p,
          maxmem: numberOf(maxmem),
        }),
      );
    },
    "crypto.hkdf": (digest, key, salt, info, length) => {
      checkBound("outputBytes", numberOf(length));
      return own(
        crypto.hkdfSync(
          textOf(digest),
          bytesOf(key),
          bytesOf(salt),
          bytesOf(info),
          numberOf(length),
        ),
      );
    },
    "crypto.argon2": (
      type,
      message,
      nonce,
      lanes,
      length,
      memory,
      passes,
      secret,
      extra,
    ) => {
      checkBound("argon2MemoryKib", numberOf(memory));
      checkBound("argon2Cost", numberOf(memory) * numberOf(passes));
      checkBound("argon2Lanes", numberOf(lanes));
      checkBound("outputBytes", numberOf(length));
      return own(
        crypto.argon2Sync(argon2Types[numberOf(type)] ?? "argon2id", {
          message: bytesOf(message),
          nonce: bytesOf(nonce),
          parallelism: numberOf(lanes),
          tagLength: numberOf(length),
          memory: numberOf(memory),
          passes: numberOf(passes),
          secret: bytesOf(secret),
          associatedData: bytesOf(extra),
        }),
      );
    },
    "crypto.prime": (bits, isSafe, add, rem) => {
      const safe = isSafe === true;
      checkBound(
        safe ? "safePrimeGenerateBits" : "primeGenerateBits",
        numberOf(bits),
      );
      const [step, rest] = [maybeBytes(add), maybeBytes(rem)];
      return own(
        crypto.generatePrimeSync(numberOf(bits), {
          safe,
          ...(step && { add: step }),
          ...(rest && { rem: rest }),
        }),
      );
    },
    "crypto.prime.check": (candidate, checks) => {
      const bytes = bytesOf(candidate);
      checkBound("primeCheckBits", bytes.byteLength * 8);
      checkBound("primeChecks", numberOf(checks));
      return crypto.checkPrimeSync(bytes, { checks: numberOf(checks) });
    },
  };
}

function digestBytes(name: string): number {
  try {
    return crypto.hash(name, "", "buffer").byteLength;
  } catch {
    // Node says itself what is wrong with the name.
    return shortestDigestBytes;
  }
}

/** By measurement: an iteration of SHA-512 takes twice, of SHA3-512 five times the time of one of SHA-256. */
function weightOf(name: string): number {
  if (cheapDigests.test(name)) return 1;
  return fairDigests.test(name) ? 2 : 5;
}
