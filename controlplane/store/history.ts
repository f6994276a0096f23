/** The beginning of a history, and the key to what is sealed in it. */
import { randomUUID } from "node:crypto";
import type { Kysely, Transaction } from "kysely";
import { readOrCreateMasterKey, requireMasterKey } from "./master-key.ts";
import type { Schema } from "./schema.ts";
import type { SealingKey } from "./sealing.ts";
import { insertKey } from "./signing-keys.ts";

/** Gives the master key of a database; a new database gets its history and its signing keys. */
export async function unlock(
  db: Kysely<Schema>,
  { masterKeyFile, now }: { masterKeyFile: string; now: () => number },
): Promise<SealingKey> {
  const history = await db
    .selectFrom("history")
    .select("master_key_id")
    .executeTakeFirst();
  if (history) return requireMasterKey(masterKeyFile, history.master_key_id);
  const masterKey = readOrCreateMasterKey(masterKeyFile);
  await db
    .transaction()
    .execute((query) => beginHistory(query, masterKey, now()));
  return masterKey;
}

async function beginHistory(
  query: Transaction<Schema>,
  masterKey: SealingKey,
  nowMs: number,
): Promise<void> {
  const revision = 1;
  await query
    .insertInto("history")
    .values({
      id: 1,
      history_id: randomUUID(),
      parent_history_id: null,
      revision,
      compacted_revision: 0,
      master_key_id: masterKey.id,
    })
    .execute();
  await insertKey(query, masterKey, { state: "signing", nowMs });
  await insertKey(query, masterKey, { state: "next", nowMs });
  // There from the first moment, so that every host is told of them, also that nothing is revoked, and nothing set.
  for (const name of ["keys", "revocations", "egress"])
    await query
      .insertInto("changes")
      .values({ name, revision, removed: 0, traceparent: null })
      .execute();
}
