/** Extensibility points. */
import { AnnexError } from "../../proto/errors.ts";
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import {
  checkPointLimits,
  noPointLimits,
  type PointLimits,
} from "../domain/limits.ts";
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
  create(
    request: { name: string; limits?: PointLimits | undefined } & ChangeOptions,
  ): Promise<Point>;
  get(name: string): Promise<Point>;
  /** Undefined where there is none. */
  find(name: string): Promise<Point | undefined>;
  list(request: PageRequest): Promise<Page<Point>>;
  /** Replaces its limits. */
  update(
    request: { name: string; limits: PointLimits } & EtagOption & ChangeOptions,
  ): Promise<Point>;
  /** Refused with precondition while extensions are bound there. */
  delete(request: { name: string } & EtagOption & ChangeOptions): Promise<void>;
}

/** The points of a database. */
export function pointStore(transactions: Transactions): PointStore {
  return {
    ...bindingStore(transactions),
    async create(request) {
      const { name, limits = noPointLimits } = request;
      checkPointName(name);
      checkPointLimits(limits);
      return await transactions.change(request, (transaction) =>
        createPoint(transaction, name, limits),
      );
    },
    get: (name) =>
      transactions.read((transaction) => requirePoint(transaction, name)),
    find: (name) =>
      transactions.read((transaction) => findPoint(transaction, name)),
    async update(request) {
      checkPointLimits(request.limits);
      return await transactions.change(request, (transaction) =>
        updatePoint(transaction, request),
      );
    },
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
  limits: PointLimits,
): Promise<Point> {
  const { query, touch, mark, nowMs } = transaction;
  if (await findPoint(transaction, name))
    throw new AnnexError(
      "already_exists",
      `point ${quote(name)} already exists`,
    );
  const row = {
    name,
    created_at_ms: nowMs,
    etag: touch(`point/${name}`),
    limits: textOf(limits),
  };
  await query.insertInto("points").values(row).execute();
  mark({ kind: "point", point: name });
  return pointOf(row);
}

/** What is as it was is no revision: hosts have it. */
async function updatePoint(
  transaction: ChangeTransaction,
  { name, limits, etag }: { name: string; limits: PointLimits } & EtagOption,
): Promise<Point> {
  const { query, touch, mark } = transaction;
  const before = await requirePoint(transaction, name);
  checkEtag(`point ${quote(name)}`, etag, before.etag);
  if (textOf(limits) === textOf(before.limits)) return before;
  await query
    .updateTable("points")
    .set({ limits: textOf(limits), etag: touch(`point/${name}`) })
    .where("name", "=", name)
    .execute();
  mark({ kind: "point", point: name });
  return await requirePoint(transaction, name);
}

function textOf({ cpuMs, syncMs, wallMs }: PointLimits): string {
  return JSON.stringify({ cpuMs, syncMs, wallMs });
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
  const { query, markRemoved } = transaction;
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
  markRemoved({ kind: "point", point: name });
}
