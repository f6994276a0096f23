/** Keys out of passwords and secrets, primes and randomness: what is costly by design, bounded by its cost. */
import * as crypto from "node:crypto";
import {
  bytesOf,
  checkBound,
  cryptoBounds,
  maybeBytes,
  numberOf,
  own,
  refuse,
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
      const each = numberOf(iterations) + iterationsFor(bytesOf(salt).length);
      checkBound("pbkdf2Cost", each * blocks * weightOf(name));
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
      const most = numberOf(maxmem);
      // Node would take its own numbers for one that is 0.
      if (N === 0 || r === 0 || p === 0) refuse("no such cost of scrypt");
      // Past what the caller allows OpenSSL refuses itself, before any work, and in words that programs know; 0 allows
      // what OpenSSL thinks right.
      const isRefused = most > 0 && 128 * r * (N + p + 2) > most;
      // It begins and ends with PBKDF2: the one time the blocks come out, the other they are the salt.
      const blockBytes = 128 * r * p;
      if (!isRefused) {
        checkBound("scryptCost", N * r * p);
        checkBound("scryptMemoryBytes", 128 * r * (N + p));
        checkBound(
          "pbkdf2Cost",
          costOfOutput(blockBytes, bytesOf(salt).length),
        );
        checkBound("pbkdf2Cost", costOfOutput(numberOf(length), blockBytes));
      }
      checkBound("outputBytes", numberOf(length));
      return own(
        crypto.scryptSync(bytesOf(password), bytesOf(salt), numberOf(length), {
          N,
          r,
          p,
          maxmem: most,
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
      if (step)
        return primeWithRemainder(numberOf(bits), safe, {
          step: bigOf(step),
          rest: rest ? bigOf(rest) : undefined,
        });
      return own(
        crypto.generatePrimeSync(numberOf(bits), {
          safe,
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

/**
 * As OpenSSL looks for it, which goes on for ever where there is none. Without a rest, it is that of Node: 1, or 3 where
 * the prime is to be safe.
 */
function primeWithRemainder(
  bits: number,
  isSafe: boolean,
  { step, rest }: { step: bigint; rest: bigint | undefined },
): Uint8Array {
  const remainder = rest ?? (isSafe ? 3n : 1n);
  if (bits < 1 || step < 1n || step >> BigInt(bits) > 0n)
    throw new HostRangeError("invalid options.add");
  if (remainder >= step) throw new HostRangeError("invalid options.rem");
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  const highest = 1n << BigInt(bits - 1);
  const maxTries = isSafe
    ? cryptoBounds.safePrimeTries
    : cryptoBounds.primeTries;
  for (let tries = 0; tries < maxTries; tries++) {
    const random = bigOf(crypto.randomFillSync(bytes)) % highest;
    const drawn = highest + random;
    const candidate = drawn - (drawn % step) + remainder;
    if (candidate < highest || candidate >= 2n * highest) continue;
    if (bits > smallBits && hasSmallFactor(candidate, isSafe)) continue;
    if (!crypto.checkPrimeSync(candidate)) continue;
    if (isSafe && !crypto.checkPrimeSync(candidate / 2n)) continue;
    return own(Buffer.from(hexOf(candidate, bytes.byteLength), "hex"));
  }
  refuse(`no such prime was found in ${maxTries} tries`);
}

const smallFactors = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37];
const smallProduct = BigInt(smallFactors.reduce((all, one) => all * one, 1));
/** Below, a prime might be one of them itself. */
const smallBits = 16;

/** Whether it, or the half of it that makes it safe, is no prime, at a fraction of what it costs to check. */
function hasSmallFactor(candidate: bigint, isSafe: boolean): boolean {
  if (candidate % 2n === 0n) return true;
  if (isSafe && candidate % 4n === 1n) return true;
  const rest = Number(candidate % smallProduct);
  return smallFactors.some((factor) => {
    const left = rest % factor;
    return left === 0 || (isSafe && left === 1);
  });
}

/** As Node throws it. */
class HostRangeError extends RangeError {
  readonly code = "ERR_OUT_OF_RANGE";
}

function bigOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString("hex") || "0"}`);
}

function hexOf(value: bigint, bytes: number): string {
  return value.toString(16).padStart(2 * bytes, "0");
}

function digestBytes(name: string): number {
  try {
    return crypto.hash(name, "", "buffer").byteLength;
  } catch {
    // Node says itself what is wrong with the name.
    return shortestDigestBytes;
  }
}

/** What it costs to hash a salt, in iterations of two blocks of 64 bytes; every block of output begins with that. */
function iterationsFor(saltBytes: number): number {
  return 1 + Math.ceil(saltBytes / 128);
}

/** Of PBKDF2 by SHA-256, in one iteration. */
function costOfOutput(bytes: number, saltBytes: number): number {
  return Math.ceil(bytes / 32) * iterationsFor(saltBytes);
}

/** By measurement: an iteration of SHA-512 takes twice, of SHA3-512 five times the time of one of SHA-256. */
function weightOf(name: string): number {
  if (cheapDigests.test(name)) return 1;
  return fairDigests.test(name) ? 2 : 5;
}
