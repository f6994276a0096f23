/** Which version serves, and which served before it. */
import { AnnexError } from "../../proto/errors.ts";
import {
  describeExtension,
  findExtensionRow,
  type ExtensionName,
} from "./extension-rows.ts";
import type { ChangeTransaction, ReadTransaction } from "./transactions.ts";

/** How far back an extension can be rolled. */
const maxActivationsKept = 100;

/** Makes a version serve; false where it already does. The caller marks the extension. */
export async function activateVersion(
  transaction: ChangeTransaction,
  name: ExtensionName,
  number: number,
): Promise<boolean> {
  const row = await findExtensionRow(transaction, name);
  if (row?.active_version === number) return false;
  const [last] = await latestActivations(transaction, name);
  const ordinal = (last?.ordinal ?? 0) + 1;
  await transaction.query
    .insertInto("activations")
    .values({ ...only(name), ordinal, number })
    .execute();
  await forgetActivations(transaction, name, ordinal - maxActivationsKept);
  await setActive(transaction, name, number);
  return true;
}

/** Makes the version serve that did before the active one; throws `precondition` where there is none. */
export async function rollBackVersion(
  transaction: ChangeTransaction,
  name: ExtensionName,
): Promise<void> {
  const [last, before] = await latestActivations(transaction, name);
  if (!last || !before)
    throw new AnnexError(
      "precondition",
      `${describeExtension(name)} cannot be rolled back: no version served before ${last ? `version ${last.number}` : "now"}`,
    );
  await transaction.query
    .deleteFrom("activations")
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .where("ordinal", "=", last.ordinal)
    .execute();
  await setActive(transaction, name, before.number);
}

async function latestActivations(
  { query }: ReadTransaction,
  name: ExtensionName,
): Promise<{ ordinal: number; number: number }[]> {
  return await query
    .selectFrom("activations")
    .select(["ordinal", "number"])
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .orderBy("ordinal", "desc")
    .limit(2)
    .execute();
}

async function forgetActivations(
  { query }: ChangeTransaction,
  name: ExtensionName,
  throughOrdinal: number,
): Promise<void> {
  await query
    .deleteFrom("activations")
    .where("container", "=", name.container)
    .where("extension", "=", name.extension)
    .where("ordinal", "<=", throughOrdinal)
    .execute();
}

async function setActive(
  { query }: ChangeTransaction,
  name: ExtensionName,
  number: number,
): Promise<void> {
  await query
    .updateTable("extensions")
    .set({ active_version: number })
    .where("container", "=", name.container)
    .where("name", "=", name.extension)
    .execute();
}

function only({ container, extension }: ExtensionName): ExtensionName {
  return { container, extension };
}
