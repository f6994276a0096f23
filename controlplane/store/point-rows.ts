/** Points inside a transaction: what both points and bindings need. */
import type { Selectable } from "kysely";
import { AnnexError } from "../../proto/errors.ts";
import { noPointLimits, type PointLimits } from "../domain/limits.ts";
import { quote } from "../domain/name.ts";
import type { Point } from "../domain/point.ts";
import type { PointsTable } from "./schema.ts";
import type { ReadTransaction } from "./transactions.ts";

/** The point; throws `not_found`. */
export async function requirePoint(
  transaction: ReadTransaction,
  name: string,
): Promise<Point> {
  const point = await findPoint(transaction, name);
  if (point) return point;
  throw new AnnexError(
    "not_found",
    `there is no point ${quote(name)}: an admin creates it first`,
  );
}

/** The point, where there is one. */
export async function findPoint(
  { query }: ReadTransaction,
  name: string,
): Promise<Point | undefined> {
  const row = await query
    .selectFrom("points")
    .selectAll()
    .where("name", "=", name)
    .executeTakeFirst();
  return row && pointOf(row);
}

/** A row as the domain knows it. */
export function pointOf(row: Selectable<PointsTable>): Point {
  const limits: Partial<PointLimits> = JSON.parse(row.limits); // checked when it was written
  return {
    name: row.name,
    limits: { ...noPointLimits, ...limits },
    createdAtMs: row.created_at_ms,
    etag: row.etag,
  };
}
