/** What signs tokens, and which tokens were revoked. */
import { AnnexError } from "../../proto/errors.ts";
import type { PublicKeys, RevokedToken, SigningKey } from "../domain/token.ts";
import type { SealingKey } from "./sealing.ts";
import { readPublicKeys, readSigningKey, rotateKeys } from "./signing-keys.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** The longest jti, in characters. */
export const maxJtiLength = 128;
/** So many revocations of tokens that have not expired are kept. */
export const maxRevocations = 100_000;

/** Keeps signing keys and revocations. */
export interface TokenStore {
  signingKey(): Promise<SigningKey>;
  /** All that may have signed a token, and the one that will sign next. */
  publicKeys(): Promise<PublicKeys>;
  /** The next key signs, the one that signed stays published, and a new next one is made. */
  rotateSigningKey(options?: ChangeOptions): Promise<void>;
  revoke(request: RevokedToken & ChangeOptions): Promise<void>;
  isRevoked(jti: string): Promise<boolean>;
  /** Those not yet expired. */
  listRevocations(nowS: number): Promise<RevokedToken[]>;
}

/** The signing keys and revocations of a database. */
export function tokenStore(
  transactions: Transactions,
  masterKey: SealingKey,
): TokenStore {
  return {
    signingKey: () =>
      transactions.read((transaction) =>
        readSigningKey(transaction, masterKey),
      ),
    publicKeys: () => transactions.read(readPublicKeys),
    rotateSigningKey: (options = {}) =>
      transactions.change(options, (transaction) =>
        rotateKeys(transaction, masterKey),
      ),
    revoke: (request) =>
      transactions.change(request, (transaction) =>
        revoke(transaction, request),
      ),
    isRevoked: (jti) =>
      transactions.read((transaction) => isRevoked(transaction, jti)),
    listRevocations: (nowS) =>
      transactions.read((transaction) => listRevocations(transaction, nowS)),
  };
}

async function revoke(
  transaction: ChangeTransaction,
  { jti, expiresAtS }: RevokedToken,
): Promise<void> {
  if (!jti)
    throw new AnnexError("invalid", "a token is revoked by its jti: name one");
  if (jti.length > maxJtiLength)
    throw new AnnexError(
      "invalid",
      `a jti has at most ${maxJtiLength} characters`,
    );
  if (await isRevoked(transaction, jti)) return;
  await forgetExpired(transaction);
  await checkRoom(transaction);
  await transaction.query
    .insertInto("revocations")
    .values({ jti, expires_at_s: expiresAtS })
    .execute();
  transaction.mark({ kind: "revocations" });
}

/** Every host is sent them all with each change. */
async function checkRoom({ query }: ReadTransaction): Promise<void> {
  const { count } = await query
    .selectFrom("revocations")
    .select(({ fn }) => fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count < maxRevocations) return;
  throw new AnnexError(
    "exhausted",
    `${maxRevocations} tokens are revoked, which is the most; give tokens an expiry, with which their revocation goes`,
  );
}

/** A revocation has done its work when the token would have expired anyway. */
async function forgetExpired({
  query,
  nowMs,
}: ChangeTransaction): Promise<void> {
  await query
    .deleteFrom("revocations")
    .where("expires_at_s", "<>", 0)
    .where("expires_at_s", "<", expiryBeforeWhichForgotten(nowMs / 1000))
    .execute();
}

async function isRevoked(
  { query }: ReadTransaction,
  jti: string,
): Promise<boolean> {
  const row = await query
    .selectFrom("revocations")
    .select("jti")
    .where("jti", "=", jti)
    .executeTakeFirst();
  return row !== undefined;
}

async function listRevocations(
  { query }: ReadTransaction,
  nowS: number,
): Promise<RevokedToken[]> {
  return await query
    .selectFrom("revocations")
    .select(["jti", "expires_at_s as expiresAtS"])
    .where((eb) =>
      eb.or([
        eb("expires_at_s", "=", 0),
        eb("expires_at_s", ">=", expiryBeforeWhichForgotten(nowS)),
      ]),
    )
    .orderBy("jti")
    .execute();
}

/** Verifiers allow clocks to be apart; a minute is more than any allows. */
function expiryBeforeWhichForgotten(nowS: number): number {
  return Math.floor(nowS) - 60;
}
