/**
 * The keys of a guest. It keeps what each was read from and sends that along, so a key that is no longer kept here is
 * read again; the numbers are its own, and a wrong one confuses only itself.
 */
import {
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type PrivateKeyInput,
  type PublicKeyInput,
} from "node:crypto";
import {
  bytesOf,
  checkBound,
  field,
  maybeBytes,
  maybeNumber,
  maybeText,
  numberOf,
  own,
  present,
  refuse,
  textOf,
} from "./crypto-bounds.ts";
import { checkEncryptedKey } from "./crypto-encrypted-key.ts";
import { groupOf } from "./crypto-exchange.ts";
import { Kept } from "./crypto-kept.ts";
import type { HostOperations } from "./operations.ts";

/** What a function of Node's would read a key as. */
export type KeyWish = "private" | "public";

export interface Keys {
  /** For a function of Node's: a key that is kept, or what it is to be read from. */
  input: (reference: unknown, wanted: KeyWish) => { key: KeyObject };
  object: (reference: unknown) => KeyObject;
  operations: HostOperations;
}

const inputFormats = new Set([
  "pem",
  "der",
  "jwk",
  "raw-public",
  "raw-private",
  "raw-seed",
]);
/** Of a JWK, as far as they say what a key is. */
const jwkMembers = "kty crv alg n e d p q dp dq qi x y k pub priv".split(" ");

export function createKeys(): Keys {
  const kept = new Kept<KeyObject>("keptKeys");

  const object = (reference: unknown): KeyObject => {
    const id = numberOf(field(reference, "id"));
    const known = kept.get(id);
    if (known) return known;
    const key = checked(read(reference));
    kept.set(id, key);
    return key;
  };

  const read = (reference: unknown): KeyObject => {
    const from = field(reference, "from");
    if (from !== undefined) return createPublicKey(object(from));
    return readAs(field(reference, "kind"), reference);
  };

  const keep = (id: unknown, key: KeyObject) => kept.set(numberOf(id), key);

  return {
    object,
    input: (reference, wanted) =>
      field(reference, "id") === undefined
        ? { key: checked(readAs(wanted, reference)) }
        : { key: object(reference) },
    operations: {
      "crypto.key": (reference) => object(reference).asymmetricKeyType,
      "crypto.key.details": (reference) => ({
        ...object(reference).asymmetricKeyDetails,
      }),
      "crypto.key.equals": (one, other) => object(one).equals(object(other)),
      "crypto.key.export": (reference, how) => exported(object(reference), how),
      "crypto.key.generate": (publicId, privateId, type, options) => {
        const pair = generate(textOf(type), options);
        keep(publicId, pair.publicKey);
        keep(privateId, pair.privateKey);
        return [
          own(pair.publicKey.export({ type: "spki", format: "der" })),
          own(pair.privateKey.export({ type: "pkcs8", format: "der" })),
          pair.publicKey.asymmetricKeyType,
        ];
      },
    },
  };
}

function readAs(kind: unknown, reference: unknown): KeyObject {
  const input = inputOf(reference);
  return kind === "private" ? createPrivateKey(input) : createPublicKey(input);
}

/** No URL among them: that would be read from files. */
function inputOf(reference: unknown): PrivateKeyInput & PublicKeyInput {
  const format = field(reference, "format");
  if (typeof format !== "string" || !inputFormats.has(format))
    refuse("keys are read from bytes alone here");
  const passphrase = maybeBytes(field(reference, "passphrase"));
  const data = field(reference, "data");
  const key = format === "jwk" ? jwkOf(data) : Buffer.from(bytesOf(data));
  if (Buffer.isBuffer(key))
    checkBound(
      format === "pem" ? "keyPemBytes" : "asymmetricKeyBytes",
      key.byteLength,
    );
  if (Buffer.isBuffer(key) && passphrase !== undefined) checkEncryptedKey(key);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the types of Node know neither JWK nor raw keys here
  return present({
    key,
    format,
    type: maybeText(field(reference, "type")),
    passphrase: passphrase && Buffer.from(passphrase),
    asymmetricKeyType: maybeText(field(reference, "asymmetricKeyType")),
    namedCurve: maybeText(field(reference, "namedCurve")),
  }) as unknown as PrivateKeyInput & PublicKeyInput;
}

/** A copy of its texts: nothing else of a JWK is read. What it holds is bounded like any other form of a key. */
function jwkOf(data: unknown): Record<string, string> {
  if (typeof data !== "object" || data === null)
    throw new TypeError("a JWK is an object");
  const jwk: Record<string, string> = {};
  let chars = 0;
  for (const name of jwkMembers) {
    const value = field(data, name);
    if (typeof value !== "string") continue;
    chars += value.length;
    jwk[name] = value;
  }
  // Base64: three bytes in four chars.
  checkBound("asymmetricKeyBytes", Math.ceil((chars * 3) / 4));
  return jwk;
}

/** A key whose numbers are no longer than they need be: to use it costs by their length. */
function checked(key: KeyObject): KeyObject {
  const bits = key.asymmetricKeyDetails?.modulusLength;
  if (bits !== undefined) checkBound("rsaUseBits", bits);
  const der =
    key.type === "private"
      ? key.export({ type: "pkcs8", format: "der" })
      : key.export({ type: "spki", format: "der" });
  const isDh = key.asymmetricKeyType === "dh";
  checkBound(isDh ? "dhKeyBytes" : "asymmetricKeyBytes", der.byteLength);
  return key;
}

function exported(key: KeyObject, how: unknown): unknown {
  const format = textOf(field(how, "format"));
  const passphrase = maybeBytes(field(how, "passphrase"));
  const options = present({
    format,
    type: maybeText(field(how, "type")),
    cipher: maybeText(field(how, "cipher")),
    passphrase: passphrase && Buffer.from(passphrase),
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Node checks the combination itself
  const made: unknown = key.export(options as never);
  return made instanceof Uint8Array ? own(made) : made;
}

interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

type Generate = (type: string, options: object) => KeyPair;

/** The slow ones of a family whose members differ thousandfold. */
const slowSignatures = /^slh-dsa-.*s$/;

function generate(type: string, options: unknown): KeyPair {
  if (slowSignatures.test(type))
    refuse(`${type} takes too long for this runtime`);
  const bits = maybeNumber(field(options, "modulusLength"));
  if (bits !== undefined)
    checkBound(type === "dsa" ? "dsaGenerateBits" : "rsaGenerateBits", bits);
  const primeBits = maybeNumber(field(options, "primeLength"));
  const generator = maybeNumber(field(options, "generator"));
  const group =
    primeBits === undefined
      ? maybeText(field(options, "group"))
      : groupOf(primeBits, generator ?? 2);
  if (primeBits !== undefined && group === undefined)
    checkBound("dhGenerateBits", primeBits);
  const prime = maybeBytes(field(options, "prime"));
  if (prime) checkBound("rsaUseBits", prime.byteLength * 8);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its overloads name the types one by one
  return (generateKeyPairSync as unknown as Generate)(
    type,
    present({
      modulusLength: bits,
      publicExponent: maybeNumber(field(options, "publicExponent")),
      hashAlgorithm: maybeText(field(options, "hashAlgorithm")),
      mgf1HashAlgorithm: maybeText(field(options, "mgf1HashAlgorithm")),
      saltLength: maybeNumber(field(options, "saltLength")),
      divisorLength: maybeNumber(field(options, "divisorLength")),
      namedCurve: maybeText(field(options, "namedCurve")),
      paramEncoding: maybeText(field(options, "paramEncoding")),
      group,
      prime: prime && Buffer.from(prime),
      ...(group === undefined && { primeLength: primeBits, generator }),
    }),
  );
}
