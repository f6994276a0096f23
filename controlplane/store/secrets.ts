/** Secrets, sealed with a data key of their extension. */
import { AnnexError } from "../../proto/errors.ts";
import { quote } from "../domain/name.ts";
import {
  checkSecret,
  checkSecretCount,
  type Secret,
} from "../domain/secret.ts";
import {
  describeExtension,
  markExtension,
  requireExtensionRow,
  type ExtensionName,
  type ExtensionRow,
} from "./extension-rows.ts";
import {
  newSecretKey,
  open,
  seal,
  sealingKeyOf,
  type SealingKey,
} from "./sealing.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** Names one secret. */
export interface SecretName extends ExtensionName {
  name: string;
}

/** Keeps extensions' secrets. */
export interface SecretStore {
  /** Creates or replaces it. */
  set(request: SecretName & { value: string } & ChangeOptions): Promise<Secret>;
  list(name: ExtensionName): Promise<Secret[]>;
  delete(request: SecretName & ChangeOptions): Promise<void>;
}

/** The secrets of a database. */
export function secretStore(
  transactions: Transactions,
  masterKey: SealingKey,
): SecretStore {
  return {
    set: (request) =>
      transactions.change(request, (transaction) =>
        setSecret(transaction, masterKey, request),
      ),
    list: (name) =>
      transactions.read((transaction) => listSecrets(transaction, name)),
    delete: (request) =>
      transactions.change(request, (transaction) =>
        deleteSecret(transaction, request),
      ),
  };
}

/** A new extension's data key, sealed. */
export function newSealedDataKey(
  masterKey: SealingKey,
  name: ExtensionName,
): Uint8Array {
  return seal(masterKey, dataKeyPlace(name), newSecretKey());
}

/** The values of an extension's secrets. */
export async function readSecrets(
  { query }: ReadTransaction,
  masterKey: SealingKey,
  extension: ExtensionRow,
): Promise<Record<string, string>> {
  const rows = await query
    .selectFrom("secrets")
    .select(["name", "sealed_value"])
    .where("container", "=", extension.container)
    .where("extension", "=", extension.name)
    .orderBy("name")
    .execute();
  const dataKey = dataKeyOf(masterKey, extension);
  return Object.fromEntries(
    rows.map(({ name, sealed_value: sealed }) => [
      name,
      open(dataKey, secretPlace(extension, name), sealed).toString(),
    ]),
  );
}

/** Adds secrets to an extension; false where it had them all as they are. The caller marks the extension. */
export async function putSecrets(
  transaction: ChangeTransaction,
  masterKey: SealingKey,
  extension: ExtensionRow,
  secrets: Record<string, string>,
): Promise<boolean> {
  const known = new Map(
    Object.entries(await readSecrets(transaction, masterKey, extension)),
  );
  const changed = Object.entries(secrets).filter(
    ([name, value]) => known.get(name) !== value,
  );
  changed.forEach(([name, value]) => checkSecret(name, value));
  checkSecretCount(new Set([...known.keys(), ...Object.keys(secrets)]).size);
  const dataKey = dataKeyOf(masterKey, extension);
  for (const [name, value] of changed) {
    const sealed = seal(dataKey, secretPlace(extension, name), value);
    await putRow(transaction, extension, name, sealed);
  }
  return changed.length > 0;
}

async function putRow(
  { query, nowMs }: ChangeTransaction,
  extension: ExtensionRow,
  name: string,
  sealed: Uint8Array,
): Promise<void> {
  const content = { sealed_value: sealed, updated_at_ms: nowMs };
  await query
    .insertInto("secrets")
    .values({
      container: extension.container,
      extension: extension.name,
      name,
      ...content,
    })
    .onConflict((conflict) =>
      conflict.columns(["container", "extension", "name"]).doUpdateSet(content),
    )
    .execute();
}

async function setSecret(
  transaction: ChangeTransaction,
  masterKey: SealingKey,
  request: SecretName & { value: string },
): Promise<Secret> {
  const { container, extension, name, value } = request;
  checkSecret(name, value);
  const row = await requireExtensionRow(transaction, request);
  // An own property whatever the name, also __proto__.
  const secrets = Object.fromEntries([[name, value]]);
  if (await putSecrets(transaction, masterKey, row, secrets))
    await markExtension(transaction, request);
  const { updated_at_ms: updatedAtMs } = await transaction.query
    .selectFrom("secrets")
    .select("updated_at_ms")
    .where("container", "=", container)
    .where("extension", "=", extension)
    .where("name", "=", name)
    .executeTakeFirstOrThrow();
  return { container, extension, name, updatedAtMs };
}

async function listSecrets(
  transaction: ReadTransaction,
  name: ExtensionName,
): Promise<Secret[]> {
  await requireExtensionRow(transaction, name);
  const rows = await transaction.query
    .selectFrom("secrets")
    .select(["container", "extension", "name", "updated_at_ms as updatedAtMs"])
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .orderBy("name")
    .execute();
  return rows;
}

async function deleteSecret(
  transaction: ChangeTransaction,
  request: SecretName,
): Promise<void> {
  await requireExtensionRow(transaction, request);
  const { numDeletedRows } = await transaction.query
    .deleteFrom("secrets")
    .where("container", "=", request.container)
    .where("extension", "=", request.extension)
    .where("name", "=", request.name)
    .executeTakeFirstOrThrow();
  if (numDeletedRows === 0n)
    throw new AnnexError(
      "not_found",
      `${describeExtension(request)} has no secret ${quote(request.name)}`,
    );
  await markExtension(transaction, request);
}

function dataKeyOf(masterKey: SealingKey, extension: ExtensionRow): SealingKey {
  const name = { container: extension.container, extension: extension.name };
  return sealingKeyOf(
    open(masterKey, dataKeyPlace(name), extension.sealed_data_key),
  );
}

function dataKeyPlace(name: ExtensionName): string[] {
  return [name.container, name.extension, "data key"];
}

function secretPlace(extension: ExtensionRow, name: string): string[] {
  return [extension.container, extension.name, name];
}
