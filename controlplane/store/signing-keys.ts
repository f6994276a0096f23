/** The Ed25519 keys that sign tokens. Two at once: hosts know the next one before anything is signed with it. */
import { generateKeyPairSync, hash } from "node:crypto";
import type { Transaction } from "kysely";
import type {
  PrivateJwk,
  PublicJwk,
  PublicKeys,
  SigningKey,
} from "../domain/token.ts";
import type { Schema } from "./schema.ts";
import { open, seal, type SealingKey } from "./sealing.ts";
import type { ChangeTransaction, ReadTransaction } from "./transactions.ts";

/** The key that signs now. */
export async function readSigningKey(
  { query }: ReadTransaction,
  masterKey: SealingKey,
): Promise<SigningKey> {
  const row = await query
    .selectFrom("signing_keys")
    .select(["kid", "sealed_private_jwk"])
    .where("state", "=", "signing")
    .executeTakeFirstOrThrow();
  const text = open(masterKey, placeOf(row.kid), row.sealed_private_jwk);
  const privateKey: PrivateJwk = JSON.parse(text.toString()); // sealed: nobody but us wrote it
  return { kid: row.kid, privateKey };
}

/** Every key's public half, the oldest first. */
export async function readPublicKeys({
  query,
}: ReadTransaction): Promise<PublicKeys> {
  const rows = await query
    .selectFrom("signing_keys")
    .select("public_jwk")
    .orderBy("created_at_ms")
    .orderBy("kid")
    .execute();
  return { keys: rows.map((row) => publicJwkOf(row.public_jwk)) };
}

/** The next key signs, and a new next one is made. */
export async function rotateKeys(
  { query, mark, nowMs }: ChangeTransaction,
  masterKey: SealingKey,
): Promise<void> {
  await moveKey(query, "signing", "retired");
  await moveKey(query, "next", "signing");
  await insertKey(query, masterKey, { state: "next", nowMs });
  mark({ kind: "keys" });
}

/** Makes and stores a key. */
export async function insertKey(
  query: Transaction<Schema>,
  masterKey: SealingKey,
  { state, nowMs }: { state: "next" | "signing"; nowMs: number },
): Promise<void> {
  const { publicJwk, privateJwk } = newKeyPair();
  const { kid } = publicJwk;
  await query
    .insertInto("signing_keys")
    .values({
      kid,
      state,
      public_jwk: JSON.stringify(publicJwk),
      sealed_private_jwk: seal(
        masterKey,
        placeOf(kid),
        JSON.stringify(privateJwk),
      ),
      created_at_ms: nowMs,
    })
    .execute();
}

async function moveKey(
  query: Transaction<Schema>,
  from: "next" | "signing",
  to: "signing" | "retired",
): Promise<void> {
  await query
    .updateTable("signing_keys")
    .set({ state: to })
    .where("state", "=", from)
    .execute();
}

function newKeyPair(): { publicJwk: PublicJwk; privateJwk: PrivateJwk } {
  const { privateKey } = generateKeyPairSync("ed25519");
  const { x, d } = privateKey.export({ format: "jwk" });
  if (!x || !d) throw new Error("an Ed25519 key has an x and a d");
  const kid = thumbprintOf(x);
  const publicJwk = {
    kty: "OKP",
    crv: "Ed25519",
    x,
    kid,
    alg: "EdDSA",
    use: "sig",
  } as const;
  return { publicJwk, privateJwk: { ...publicJwk, d } };
}

/** RFC 7638, with the members RFC 8037 names for such keys. */
function thumbprintOf(x: string): string {
  const members = JSON.stringify({ crv: "Ed25519", kty: "OKP", x });
  return hash("sha256", members, "base64url");
}

function publicJwkOf(text: string): PublicJwk {
  const jwk: PublicJwk = JSON.parse(text); // written by insertKey
  return jwk;
}

function placeOf(kid: string): string[] {
  return ["signing key", kid];
}
