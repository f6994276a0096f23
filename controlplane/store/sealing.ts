/**
 * Sealing: AES-256-GCM with what a value belongs to as additional data, so that a row put in another's place does not open.
 * Secrets are sealed with a data key of their extension, and that with the master key, which is in no database and no backup.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  randomBytes,
  type KeyObject,
} from "node:crypto";
import { AnnexError } from "../../proto/errors.ts";

const algorithm = "aes-256-gcm";
const keyBytes = 32;
const keyIdBytes = 8;
const nonceBytes = 12;
const tagBytes = 16;

/** A key that seals, and the name by which what it sealed remembers it. */
export interface SealingKey {
  id: string;
  key: KeyObject;
}

/** Makes a sealing key of 32 secret bytes; its name is the beginning of their SHA-256. */
export function sealingKeyOf(secret: Uint8Array): SealingKey {
  const id = hash("sha256", secret, "hex").slice(0, keyIdBytes * 2);
  return { id, key: createSecretKey(secret) };
}

/** 32 random bytes. */
export function newSecretKey(): Buffer {
  return randomBytes(keyBytes);
}

/** Seals a value for its place. The result holds key id, nonce, tag and ciphertext. */
export function seal(
  sealingKey: SealingKey,
  place: string[],
  value: string | Uint8Array,
): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, sealingKey.key, nonce);
  cipher.setAAD(additionalDataOf(sealingKey, place));
  const ciphertext = Buffer.concat([cipher.update(value), cipher.final()]);
  const id = Buffer.from(sealingKey.id, "hex");
  return Buffer.concat([id, nonce, cipher.getAuthTag(), ciphertext]);
}

/** Opens what was sealed for the same place with the same key; anything else is `internal`. */
export function open(
  sealingKey: SealingKey,
  place: string[],
  sealed: Uint8Array,
): Buffer {
  const { id, nonce, tag, ciphertext } = partsOf(sealed);
  if (id !== sealingKey.id)
    throw doesNotOpen(place, `it was sealed with key ${id}`);
  const decipher = createDecipheriv(algorithm, sealingKey.key, nonce);
  decipher.setAAD(additionalDataOf(sealingKey, place));
  decipher.setAuthTag(tag);
  try {
    return Buffer.concat([decipher.update(ciphertext), decipher.final()]);
  } catch (error) {
    throw doesNotOpen(place, "it was altered, or sealed for another", error);
  }
}

/** Names of containers and extensions have no bar in them, and a key id has a fixed length: no two places read alike. */
function additionalDataOf(sealingKey: SealingKey, place: string[]): Buffer {
  return Buffer.from([...place, sealingKey.id].join("|"));
}

function partsOf(sealed: Uint8Array): {
  id: string;
  nonce: Buffer;
  tag: Buffer;
  ciphertext: Buffer;
} {
  const bytes = Buffer.from(sealed);
  const nonceAt = keyIdBytes;
  const tagAt = nonceAt + nonceBytes;
  const ciphertextAt = tagAt + tagBytes;
  return {
    id: bytes.toString("hex", 0, nonceAt),
    nonce: bytes.subarray(nonceAt, tagAt),
    tag: bytes.subarray(tagAt, ciphertextAt),
    ciphertext: bytes.subarray(ciphertextAt),
  };
}

function doesNotOpen(
  place: string[],
  why: string,
  cause?: unknown,
): AnnexError {
  return new AnnexError(
    "internal",
    `what is sealed for ${place.join("/")} does not open: ${why}`,
    { cause },
  );
}
