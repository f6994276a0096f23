/** Digests over data: in one call where the guest has it all, else piece by piece. */
import {
  createHash,
  createHmac,
  createSign,
  createVerify,
  getHashes,
  hash,
  type BinaryToTextEncoding,
  type Hash,
  type Hmac,
} from "node:crypto";
import * as crypto from "node:crypto";
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
import { Kept } from "./crypto-kept.ts";
import type { HostOperations } from "./operations.ts";

const encodings = new Set<string>(["hex", "base64", "base64url", "latin1"]);

export function digestOperations(): HostOperations {
  const open = new Kept<Hash | Hmac | Mac>("openStreams");
  return {
    "crypto.hashes": () => getHashes(),
    "crypto.macs": () => listOf("getMacs"),
    /** Throws where there is no such digest. */
    "crypto.hash.check": (algorithm, options) =>
      void hashOf(algorithm, options),
    "crypto.sign.check": (algorithm) => void createSign(textOf(algorithm)),
    "crypto.verify.check": (algorithm) => void createVerify(textOf(algorithm)),
    "crypto.hmac.check": (algorithm) => void createHmac(textOf(algorithm), ""),
    "crypto.hash": (algorithm, options, data, encoding) => {
      const name = textOf(algorithm);
      if (options !== undefined || isExtendable(name))
        return ended(hashOf(name, options).update(dataOf(data)), encoding);
      if (typeof encoding === "string" && isEncoding(encoding))
        return hash(name, dataOf(data), encoding);
      return own(hash(name, dataOf(data), "buffer"));
    },
    "crypto.hmac": (algorithm, key, data, encoding) =>
      ended(hmacOf(algorithm, key).update(dataOf(data)), encoding),
    "crypto.mac": (algorithm, options, data) =>
      own(
        macOf(algorithm, options).update(bytesOf(data, "pieceBytes")).final(),
      ),
    "crypto.mac.check": (algorithm, options) => void macOf(algorithm, options),
    "crypto.hash.open": (id, algorithm, options) =>
      open.set(numberOf(id), hashOf(algorithm, options)),
    "crypto.hash.copy": (id, from, options) => {
      const origin = open.need(numberOf(from));
      if (!(origin instanceof crypto.Hash)) refuse("only hashes are copied");
      open.set(numberOf(id), origin.copy(outputOf(options)));
    },
    "crypto.hmac.open": (id, algorithm, key) =>
      open.set(numberOf(id), hmacOf(algorithm, key)),
    "crypto.mac.open": (id, algorithm, options) =>
      open.set(numberOf(id), macOf(algorithm, options)),
    "crypto.digest.update": (id, data) =>
      void open.need(numberOf(id)).update(bytesOf(data, "pieceBytes")),
    "crypto.digest.end": (id, encoding) => {
      const stream = open.need(numberOf(id));
      open.delete(numberOf(id));
      return ended(stream, encoding);
    },
  };
}

/** Of Node 26. */
interface Mac {
  update: (data: Uint8Array) => Mac;
  final: () => Buffer;
}

type CreateMac = (algorithm: string, key: Uint8Array, options: object) => Mac;

function listOf(name: string): unknown {
  const list: unknown = Reflect.get(crypto, name);
  return typeof list === "function" ? Reflect.apply(list, undefined, []) : [];
}

function hashOf(algorithm: unknown, options: unknown): Hash {
  const name = textOf(algorithm);
  return createHash(name, {
    ...(isExtendable(name) && { outputLength: defaultLength(name) }),
    ...outputOf(options),
    ...present({
      functionName: maybeBytes(field(options, "functionName")),
      customization: maybeBytes(field(options, "customization")),
    }),
  });
}

function outputOf(options: unknown): { outputLength?: number } {
  const outputLength = maybeNumber(field(options, "outputLength"));
  if (outputLength === undefined) return {};
  checkBound("outputBytes", outputLength);
  return { outputLength };
}

/** Without a length Node warns, on our own stderr. */
function isExtendable(name: string): boolean {
  return /^shake-?(128|256)$/i.test(name);
}

function defaultLength(name: string): number {
  return name.endsWith("128") ? 16 : 32;
}

function hmacOf(algorithm: unknown, key: unknown): Hmac {
  return createHmac(textOf(algorithm), bytesOf(key));
}

function macOf(algorithm: unknown, options: unknown): Mac {
  const create: unknown = Reflect.get(crypto, "createMac");
  if (typeof create !== "function") refuse("there are no MACs in this Node");
  const outputLength = maybeNumber(field(options, "outputLength"));
  if (outputLength !== undefined) checkBound("outputBytes", outputLength);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- its types come with Node 26
  return (create as CreateMac)(
    textOf(algorithm),
    bytesOf(field(options, "key")),
    present({
      digest: maybeText(field(options, "digest")),
      cipher: maybeText(field(options, "cipher")),
      iv: maybeBytes(field(options, "iv")),
      customization: maybeBytes(field(options, "customization")),
      salt: maybeBytes(field(options, "salt")),
      outputLength,
    }),
  );
}

function dataOf(data: unknown): Uint8Array | string {
  if (typeof data !== "string") return bytesOf(data, "pieceBytes");
  checkBound("pieceBytes", data.length);
  return data;
}

function isEncoding(encoding: string): encoding is BinaryToTextEncoding {
  return encodings.has(encoding);
}

function ended(stream: Hash | Hmac | Mac, encoding: unknown): unknown {
  if ("final" in stream) return own(stream.final());
  if (typeof encoding === "string" && isEncoding(encoding))
    return stream.digest(encoding);
  return own(stream.digest());
}
