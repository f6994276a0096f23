/** Containers inside a transaction: what all that is in them needs. */
import type { Selectable } from "kysely";
import { AnnexError } from "../../proto/errors.ts";
import type {
  Container,
  ContainerEgress,
  ContainerSettings,
} from "../domain/container.ts";
import { noContainerLimits, type ContainerLimits } from "../domain/limits.ts";
import { quote } from "../domain/name.ts";
import type { ContainersTable } from "./schema.ts";
import type { ReadTransaction } from "./transactions.ts";

/** The container; throws `not_found`. */
export async function requireContainer(
  transaction: ReadTransaction,
  name: string,
): Promise<Container> {
  const container = await findContainer(transaction, name);
  if (container) return container;
  throw new AnnexError(
    "not_found",
    `there is no container ${quote(name)}: create it first`,
  );
}

/** The container, where there is one. */
export async function findContainer(
  { query }: ReadTransaction,
  name: string,
): Promise<Container | undefined> {
  const row = await query
    .selectFrom("containers")
    .selectAll()
    .where("name", "=", name)
    .executeTakeFirst();
  return row && containerOf(row);
}

/** A row as the domain knows it. */
export function containerOf(row: Selectable<ContainersTable>): Container {
  // Each was checked when it was written.
  const labels: Record<string, string> = JSON.parse(row.labels);
  const limits: Partial<ContainerLimits> = JSON.parse(row.limits);
  const egress: ContainerEgress = JSON.parse(row.egress);
  return {
    name: row.name,
    labels,
    trustGroup: row.trust_group,
    limits: { ...noContainerLimits, ...limits },
    egress,
    createdAtMs: row.created_at_ms,
    etag: row.etag,
  };
}

/** Settings as a row holds them, equal for equal ones. */
export function columnsOf({
  labels,
  trustGroup,
  limits,
  egress,
}: ContainerSettings) {
  return {
    labels: JSON.stringify(sorted(labels)),
    trust_group: trustGroup,
    limits: JSON.stringify(sorted(limits)),
    egress: JSON.stringify({ allow: egress.allow, deny: egress.deny }),
  };
}

function sorted(fields: object): Record<string, unknown> {
  const entries: [string, unknown][] = Object.entries(fields);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
