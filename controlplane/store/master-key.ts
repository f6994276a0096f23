/** The master key's file: the one thing that a backup of the database does not hold. */
import { readFileSync, statSync } from "node:fs";
import { AnnexError } from "../../proto/errors.ts";
import { ensurePrivateFolder, writePrivateFile } from "./files.ts";
import { newSecretKey, sealingKeyOf, type SealingKey } from "./sealing.ts";
import { dirname } from "node:path";

const othersModeBits = 0o077;
const keyFormat = /^[A-Za-z0-9+/]{43}=$/;

/** The key for a database that has nothing sealed yet: the file's, or a new one. */
export function readOrCreateMasterKey(file: string): SealingKey {
  const key = readMasterKey(file);
  if (key) return key;
  ensurePrivateFolder(dirname(file));
  writePrivateFile(file, `${newSecretKey().toString("base64")}\n`);
  return requireMasterKey(file);
}

/** The key that a database's contents were sealed with; throws `precondition` where the file is missing or holds another. */
export function requireMasterKey(file: string, id?: string): SealingKey {
  const key = readMasterKey(file);
  if (!key)
    throw new AnnexError(
      "precondition",
      `the master key file ${file} is missing, and the database's secrets are sealed with it (key ${id}): put the file back; no other key opens them`,
    );
  if (id !== undefined && key.id !== id)
    throw new AnnexError(
      "precondition",
      `the master key file ${file} holds key ${key.id}, and the database's secrets are sealed with key ${id}: put that key's file in its place`,
    );
  return key;
}

function readMasterKey(file: string): SealingKey | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return undefined;
  if ((stats.mode & othersModeBits) !== 0)
    throw new AnnexError(
      "precondition",
      `the master key file ${file} is open to other users: run chmod 600 ${file}`,
    );
  const text = readFileSync(file, "utf8").trim();
  if (!keyFormat.test(text))
    throw new AnnexError(
      "precondition",
      `the master key file ${file} does not hold 32 bytes in base64: put the right file in its place`,
    );
  return sealingKeyOf(Buffer.from(text, "base64"));
}
