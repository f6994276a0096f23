/** Points inside a transaction: what both points and bindings need. */
import { AnnexError } from "../../proto/errors.ts";
import { quote } from "../domain/name.ts";
import type { Point } from "../domain/point.ts";
import type { NamedTable } from "./schema.ts";
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
export function pointOf(row: NamedTable): Point {
  return { name: row.name, createdAtMs: row.created_at_ms, etag: row.etag };
}
