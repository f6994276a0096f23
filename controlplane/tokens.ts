/** Tokens that the control plane signs for itself and for who sits at its machine. */
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { AnnexError } from "../proto/errors.ts";
import { signToken, type NewClaims } from "../proto/token.ts";
import type { Position } from "./domain/history.ts";
import type { SigningKey } from "./domain/token.ts";
import { openUnmigrated } from "./store/db.ts";
import { unlock } from "./store/history.ts";
import { openStore, type StoreOptions } from "./store/store.ts";
import { tokenStore } from "./store/tokens.ts";
import { transactionsOf } from "./store/transactions.ts";

/** Where the key that signs now comes from. */
export interface SigningKeys {
  signingKey(): Promise<SigningKey>;
}

/** Signs claims with the key of the moment. */
export async function signWith(
  keys: SigningKeys,
  claims: NewClaims,
  now: () => number,
): Promise<string> {
  return await signToken(claims, await keys.signingKey(), now);
}

/** Vouches for a history towards hosts that know another. */
export async function signHistory(
  keys: SigningKeys,
  history: { position: Position; parentHistoryId: string | undefined },
  now: () => number,
): Promise<string> {
  const { position, parentHistoryId } = history;
  const claims: NewClaims = {
    kind: "history",
    jti: randomUUID(),
    historyId: position.historyId,
    revision: position.revision,
    ...(parentHistoryId !== undefined && { parentHistoryId }),
  };
  return await signWith(keys, claims, now);
}

/** A token for who may read the state's files, whether or not a control plane is running on them. */
export async function operatorToken(
  options: StoreOptions,
  kind: "admin" | "join",
): Promise<string> {
  const opened = await openStore(options).catch(unlessInUse);
  if (!opened) return await tokenBesideOwner(options, kind);
  try {
    const claims: NewClaims = { kind, jti: randomUUID() };
    return await signWith(opened.tokens, claims, options.now);
  } finally {
    await opened.close();
  }
}

function unlessInUse(thrown: unknown): undefined {
  if (thrown instanceof AnnexError && thrown.code === "precondition") return;
  throw thrown;
}

/** Reads the key beside the process that owns the store; it only reads. */
async function tokenBesideOwner(
  options: StoreOptions,
  kind: "admin" | "join",
): Promise<string> {
  const { file, masterKeyFile, now } = options;
  // Its owner makes both when it starts for the first time; until then there is no key.
  if (!existsSync(file) || !existsSync(masterKeyFile))
    throw new AnnexError(
      "unavailable",
      "the control plane is starting for the first time; try again in a second",
    );
  const db = openUnmigrated(file);
  const transactions = transactionsOf(db, now);
  try {
    const masterKey = await unlock(db, options);
    const tokens = tokenStore(transactions, masterKey);
    return await signWith(tokens, { kind, jti: randomUUID() }, now);
  } finally {
    await transactions.close();
  }
}
