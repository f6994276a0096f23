/**
 * Diffie-Hellman, over primes and over curves. Like keys, an exchange can be made again from what the guest holds of it,
 * so one that is long unused costs nothing here.
 */
import {
  DiffieHellman,
  createDiffieHellman,
  createDiffieHellmanGroup,
  createECDH,
  ECDH,
  getCurves,
  type DiffieHellmanGroup,
} from "node:crypto";
import {
  bytesOf,
  checkBound,
  field,
  maybeBytes,
  numberOf,
  own,
  textOf,
} from "./crypto-bounds.ts";
import { Kept } from "./crypto-kept.ts";
import type { HostOperations } from "./operations.ts";

type Exchange = DiffieHellman | DiffieHellmanGroup | ECDH;

const usualGenerator = 2;
/** The groups of RFC 2409 and RFC 3526, by the bits of their primes. */
const groups: ReadonlyMap<number, string> = new Map([
  [768, "modp1"],
  [1024, "modp2"],
  [1536, "modp5"],
  [2048, "modp14"],
  [3072, "modp15"],
  [4096, "modp16"],
  [6144, "modp17"],
  [8192, "modp18"],
]);

/**
 * The group to use where a prime of such a length is wanted: to find one takes seconds to minutes, all may know it, and
 * those of the standards are the ones that are advised.
 */
export function groupOf(
  primeBits: number,
  generator: number,
): string | undefined {
  return generator === usualGenerator ? groups.get(primeBits) : undefined;
}

export function exchangeOperations(): HostOperations {
  const kept = new Kept<Exchange>("keptKeys");

  /** By what the guest says of it: its number, what it was made of, its keys. */
  const exchange = (state: unknown): Exchange => {
    const id = numberOf(field(state, "id"));
    const known = kept.get(id);
    if (known) return known;
    const made = make(state);
    restore(made, state);
    kept.set(id, made);
    return made;
  };

  return {
    "crypto.curves": () => getCurves(),
    "crypto.exchange": (state) => {
      const made = exchange(state);
      if (made instanceof ECDH) return {};
      return {
        verifyError: made.verifyError,
        prime: own(made.getPrime()),
        generator: own(made.getGenerator()),
      };
    },
    "crypto.exchange.generate": (state) => {
      const made = exchange(state);
      made.generateKeys();
      return keysOf(made);
    },
    "crypto.exchange.secret": (state, other) => {
      const made = exchange(state);
      return own(made.computeSecret(bytesOf(other)));
    },
    "crypto.exchange.setPrivate": (state, key) => {
      const made = exchange(state);
      setPrivate(made, copied(key));
      return made instanceof ECDH ? keysOf(made) : {};
    },
    "crypto.exchange.setPublic": (state, key) => {
      const made = exchange(state);
      setPublic(made, copied(key));
    },
    "crypto.exchange.public": (state, format) => {
      const made = exchange(state);
      return made instanceof ECDH
        ? own(made.getPublicKey(null, formatOf(format)))
        : own(made.getPublicKey());
    },
    "crypto.exchange.private": (state) => own(exchange(state).getPrivateKey()),
    "crypto.exchange.convert": (key, curve, format) => {
      const made = ECDH.convertKey(
        bytesOf(key),
        textOf(curve),
        undefined,
        undefined,
        formatOf(format),
      );
      return typeof made === "string" ? made : own(made);
    },
  };
}

function make(state: unknown): Exchange {
  const curve = field(state, "curve");
  if (curve !== undefined) return createECDH(textOf(curve));
  const group = field(state, "group");
  if (group !== undefined) return createDiffieHellmanGroup(textOf(group));
  const prime = field(state, "prime");
  const generator = generatorOf(field(state, "generator"));
  if (typeof prime === "number") {
    const wanted = generatorNumber(generator);
    const standard = groupOf(prime, wanted);
    if (standard !== undefined) return createDiffieHellmanGroup(standard);
    checkBound("dhGenerateBits", prime);
    return createDiffieHellman(prime, wanted);
  }
  const bytes = copied(prime);
  if (isUsual(generator)) {
    const known = knownGroup(bytes);
    // To check one of them would take seconds, and what comes of it is known.
    if (known !== undefined) return createDiffieHellmanGroup(known);
  }
  checkBound("dhCheckBits", bytes.byteLength * 8);
  return typeof generator === "number"
    ? createDiffieHellman(bytes, generator)
    : createDiffieHellman(bytes, generator);
}

function knownGroup(prime: Buffer): string | undefined {
  const name = groups.get(prime.byteLength * 8);
  return name !== undefined &&
    createDiffieHellmanGroup(name).getPrime().equals(prime)
    ? name
    : undefined;
}

function generatorOf(value: unknown): number | Buffer {
  return typeof value === "number" ? value : copied(value);
}

function generatorNumber(generator: number | Buffer): number {
  return typeof generator === "number" ? generator : Number(generator.at(-1));
}

function isUsual(generator: number | Buffer): boolean {
  if (typeof generator === "number") return generator === usualGenerator;
  return generator.byteLength === 1 && generator[0] === usualGenerator;
}

function restore(made: Exchange, state: unknown): void {
  const privateKey = maybeBytes(field(state, "privateKey"));
  const publicKey = maybeBytes(field(state, "publicKey"));
  if (privateKey) setPrivate(made, Buffer.from(privateKey));
  // A curve's public key follows from the private one.
  if (publicKey && !(made instanceof ECDH))
    setPublic(made, Buffer.from(publicKey));
}

/** A group has no such method for its users, but is of the same kind; to make it anew would cost a check of its prime. */
function setPrivate(made: Exchange, key: Buffer): void {
  checkBound("dhPrivateBits", key.byteLength * 8);
  Reflect.apply(setterOf("setPrivateKey"), made, [key]);
}

function setPublic(made: Exchange, key: Buffer): void {
  Reflect.apply(setterOf("setPublicKey"), made, [key]);
}

type Setter = (key: Buffer) => unknown;

/** Those of curves are the same, but one of them warns on our own stderr. */
function setterOf(name: "setPrivateKey" | "setPublicKey"): Setter {
  return Reflect.get(DiffieHellman.prototype, name);
}

function keysOf(made: Exchange) {
  return {
    publicKey: own(made.getPublicKey()),
    privateKey: own(made.getPrivateKey()),
  };
}

function copied(value: unknown): Buffer {
  return Buffer.from(bytesOf(value));
}

type Format = "compressed" | "uncompressed" | "hybrid";

function formatOf(value: unknown): Format {
  return value === "compressed" || value === "hybrid" ? value : "uncompressed";
}
