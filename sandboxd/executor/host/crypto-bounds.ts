/** What bounds the crypto that is done for a guest: no single call may hold the thread for much more than 250 ms. */
import { HostRefusal } from "./operations.ts";

/** Named in the error when one is passed. */
export const cryptoBounds = {
  /** Bytes of one call that can be followed by another on the same data. */
  pieceBytes: 1024 * 1024,
  /** Bytes of one call where the algorithm wants all at once. */
  wholeBytes: 8 * 1024 * 1024,
  /** Bit-wise modes work a thousand times slower. */
  bitwisePieceBytes: 64 * 1024,
  /** Bytes of a key, certificate, nonce, salt, signature. */
  partBytes: 256 * 1024,
  outputBytes: 4 * 1024 * 1024,
  randomBytes: 1024 * 1024,
  /** Ciphers and digests that are begun and not ended; past it the least recently used is closed. */
  openStreams: 2000,
  /** Keys and key exchanges kept ready; past it the least recently used is read again when wanted. */
  keptKeys: 256,
  /** Iterations times blocks times the weight of the digest. */
  pbkdf2Cost: 1_300_000,
  /** N * r * p. */
  scryptCost: 2 ** 20,
  scryptMemoryBytes: 65 * 1024 * 1024,
  /** KiB times passes. */
  argon2Cost: 3 * 64 * 1024,
  argon2MemoryKib: 64 * 1024,
  argon2Lanes: 16,
  rsaGenerateBits: 4096,
  rsaUseBits: 8192,
  dsaGenerateBits: 2048,
  /** Of a Diffie-Hellman prime that has to be found. */
  dhGenerateBits: 512,
  /** Of a Diffie-Hellman prime that is given, and is none of the well-known ones: it is checked. */
  dhCheckBits: 2048,
  /** Of a private key that is given: each bit costs a multiplication. */
  dhPrivateBits: 4096,
  /** DER of a private key, or of one for Diffie-Hellman: its numbers are no longer than they need be. */
  asymmetricKeyBytes: 6 * 1024,
  dhKeyBytes: 2560,
  /** Before a key is read, which costs already by what it holds: certificates may stand beside it. */
  keyPemBytes: 16 * 1024,
  /** Candidates for a prime that is wanted with a remainder. */
  primeTries: 8000,
  /** There are fewer of them. */
  safePrimeTries: 60_000,
  primeGenerateBits: 1024,
  safePrimeGenerateBits: 512,
  primeCheckBits: 2048,
  primeChecks: 64,
  /** Iterations that an encrypted private key may ask for. */
  keyIterations: 1_300_000,
} as const;

export type BoundName = keyof typeof cryptoBounds;

/** Code of every refusal by a bound. */
export const limitCode = "ERR_ANNEX_LIMIT";

export function checkBound(name: BoundName, value: number): void {
  const most = cryptoBounds[name];
  if (value <= most) return;
  throw new HostRefusal(
    limitCode,
    `${value} is more than this runtime allows (limit ${name} = ${most})`,
  );
}

export function refuse(message: string): never {
  throw new HostRefusal("ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", message);
}

/** Bytes as the guest sent them. */
export function bytesOf(
  value: unknown,
  bound: BoundName = "partBytes",
): Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError("bytes are wanted");
  checkBound(bound, value.byteLength);
  return value;
}

export function maybeBytes(
  value: unknown,
  bound?: BoundName,
): Uint8Array | undefined {
  return value === undefined || value === null
    ? undefined
    : bytesOf(value, bound);
}

const maxTextChars = 1024;

/** A name of an algorithm or the like. */
export function textOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("text is wanted");
  if (value.length > maxTextChars) throw new RangeError("a name is too long");
  return value;
}

export function maybeText(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : textOf(value);
}

export function numberOf(value: unknown): number {
  if (typeof value !== "number") throw new TypeError("a number is wanted");
  return value;
}

export function maybeNumber(value: unknown): number | undefined {
  return value === undefined || value === null ? undefined : numberOf(value);
}

/** A field of what a guest sent, or undefined. */
export function field(of: unknown, name: string): unknown {
  if (typeof of !== "object" || of === null || !Object.hasOwn(of, name))
    return undefined;
  return Reflect.get(of, name);
}

/** Without what is undefined, for Node tells a missing option from one that is. */
export function present<Options extends object>(options: Options): Options {
  const given = Object.entries(options).filter(
    ([, value]) => value !== undefined,
  );
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only optional properties were left out
  return Object.fromEntries(given) as Options;
}

/** Alone in its memory: a pooled buffer would take its neighbours along into the isolate. */
export function own(bytes: Uint8Array | ArrayBuffer): Uint8Array {
  return new Uint8Array(bytes);
}
