/** Containers. */
import { AnnexError } from "../../proto/errors.ts";
import type { Container } from "../domain/container.ts";
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import { checkContainerName, quote } from "../domain/name.ts";
import {
  pageOf,
  pageRangeOf,
  type Page,
  type PageRequest,
} from "../domain/page.ts";
import type { NamedTable } from "./schema.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** Keeps containers. */
export interface ContainerStore {
  /** Refused with already_exists where the name is taken. */
  create(request: { name: string } & ChangeOptions): Promise<Container>;
  get(name: string): Promise<Container>;
  list(request: PageRequest): Promise<Page<Container>>;
  /** Deletes it with its extensions, versions, secrets and bindings. */
  delete(request: { name: string } & EtagOption & ChangeOptions): Promise<void>;
}

/** The containers of a database. */
export function containerStore(transactions: Transactions): ContainerStore {
  return {
    async create(request) {
      checkContainerName(request.name);
      return await transactions.change(request, (transaction) =>
        createContainer(transaction, request.name),
      );
    },
    get: (name) =>
      transactions.read((transaction) => requireContainer(transaction, name)),
    list: (request) =>
      transactions.read((transaction) => listContainers(transaction, request)),
    delete: (request) =>
      transactions.change(request, (transaction) =>
        deleteContainer(transaction, request),
      ),
  };
}

/** The container; throws `not_found`. */
export async function requireContainer(
  { query }: ReadTransaction,
  name: string,
): Promise<Container> {
  const row = await query
    .selectFrom("containers")
    .selectAll()
    .where("name", "=", name)
    .executeTakeFirst();
  if (row) return containerOf(row);
  throw new AnnexError(
    "not_found",
    `there is no container ${quote(name)}: create it first`,
  );
}

async function createContainer(
  { query, touch, mark, nowMs }: ChangeTransaction,
  name: string,
): Promise<Container> {
  const taken = await query
    .selectFrom("containers")
    .where("name", "=", name)
    .select("name")
    .executeTakeFirst();
  if (taken)
    throw new AnnexError(
      "already_exists",
      `container ${quote(name)} already exists`,
    );
  const etag = touch(`container/${name}`);
  const row = { name, created_at_ms: nowMs, etag };
  await query.insertInto("containers").values(row).execute();
  mark({ kind: "container", container: name });
  return containerOf(row);
}

async function listContainers(
  { query }: ReadTransaction,
  request: PageRequest,
): Promise<Page<Container>> {
  const range = pageRangeOf(request);
  const rows = await query
    .selectFrom("containers")
    .selectAll()
    .where("name", ">", range.after ?? "")
    .orderBy("name")
    .limit(range.size + 1)
    .execute();
  return pageOf(range, rows.map(containerOf), ({ name }) => name);
}

async function deleteContainer(
  transaction: ChangeTransaction,
  { name, etag }: { name: string } & EtagOption,
): Promise<void> {
  const { query, markRemoved } = transaction;
  const container = await requireContainer(transaction, name);
  checkEtag(`container ${quote(name)}`, etag, container.etag);
  const extensions = await query
    .selectFrom("extensions")
    .select("name")
    .where("container", "=", name)
    .execute();
  // What belongs to it goes by the tables' references; hosts are told of each extension.
  await query.deleteFrom("containers").where("name", "=", name).execute();
  for (const extension of extensions)
    markRemoved({
      kind: "extension",
      container: name,
      extension: extension.name,
    });
  markRemoved({ kind: "container", container: name });
}

function containerOf(row: NamedTable): Container {
  return { name: row.name, createdAtMs: row.created_at_ms, etag: row.etag };
}
