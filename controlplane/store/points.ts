/** Extensibility points. */
import { AnnexError } from "../../proto/errors.ts";
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import { checkPointName, quote } from "../domain/name.ts";
import {
  pageOf,
  pageRangeOf,
  type Page,
  type PageRequest,
} from "../domain/page.ts";
import type { Point } from "../domain/point.ts";
import { bindingStore, type BindingStore } from "./bindings.ts";
import { findPoint, pointOf, requirePoint } from "./point-rows.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** Keeps extensibility points and what is bound at them. */
export interface PointStore extends BindingStore {
  create(request: { name: string } & ChangeOptions): Promise<Point>;
  get(name: string): Promise<Point>;
  list(request: PageRequest): Promise<Page<Point>>;
  /** Refused with precondition while extensions are bound there. */
  delete(request: { name: string } & EtagOption & ChangeOptions): Promise<void>;
}

/** The points of a database. */
export function pointStore(transactions: Transactions): PointStore {
  return {
    ...bindingStore(transactions),
    async create(request) {
      checkPointName(request.name);
      return await transactions.change(request, (transaction) =>
        createPoint(transaction, request.name),
      );
    },
    get: (name) =>
      transactions.read((transaction) => requirePoint(transaction, name)),
    list: (request) =>
      transactions.read((transaction) => listPoints(transaction, request)),
    delete: (request) =>
      transactions.change(request, (transaction) =>
        deletePoint(transaction, request),
      ),
  };
}

async function createPoint(
  transaction: ChangeTransaction,
  name: string,
): Promise<Point> {
  const { query, touch, nowMs } = transaction;
  if (await findPoint(transaction, name))
    throw new AnnexError(
      "already_exists",
      `point ${quote(name)} already exists`,
    );
  const row = { name, created_at_ms: nowMs, etag: touch(`point/${name}`) };
  await query.insertInto("points").values(row).execute();
  return pointOf(row);
}

async function listPoints(
  { query }: ReadTransaction,
  request: PageRequest,
): Promise<Page<Point>> {
  const range = pageRangeOf(request);
  const rows = await query
    .selectFrom("points")
    .selectAll()
    .where("name", ">", range.after ?? "")
    .orderBy("name")
    .limit(range.size + 1)
    .execute();
  return pageOf(range, rows.map(pointOf), ({ name }) => name);
}

async function deletePoint(
  transaction: ChangeTransaction,
  { name, etag }: { name: string } & EtagOption,
): Promise<void> {
  const { query, touch } = transaction;
  const point = await requirePoint(transaction, name);
  checkEtag(`point ${quote(name)}`, etag, point.etag);
  const bound = await query
    .selectFrom("bindings")
    .selectAll()
    .where("point", "=", name)
    .executeTakeFirst();
  if (bound)
    throw new AnnexError(
      "precondition",
      `point ${quote(name)} has extensions bound to it, e.g. ${quote(bound.extension)} of container ${quote(bound.container)}: unbind them first`,
    );
  await query.deleteFrom("points").where("name", "=", name).execute();
  touch(`point/${name}`);
}
