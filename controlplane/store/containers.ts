/** Containers. */
import { AnnexError } from "../../proto/errors.ts";
import {
  changedSettings,
  noContainerSettings,
  type Container,
  type ContainerChange,
} from "../domain/container.ts";
import { checkEtag, type EtagOption } from "../domain/etag.ts";
import { checkContainerName, quote } from "../domain/name.ts";
import {
  pageOf,
  pageRangeOf,
  type Page,
  type PageRequest,
} from "../domain/page.ts";
import {
  columnsOf,
  containerOf,
  findContainer,
  requireContainer,
} from "./container-rows.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** Keeps containers. */
export interface ContainerStore {
  /** Refused with already_exists where the name is taken. */
  create(
    request: { name: string } & ContainerChange & ChangeOptions,
  ): Promise<Container>;
  get(name: string): Promise<Container>;
  /** Undefined where there is none. */
  find(name: string): Promise<Container | undefined>;
  list(request: PageRequest): Promise<Page<Container>>;
  /** Sets what is given. */
  update(
    request: { name: string } & ContainerChange & EtagOption & ChangeOptions,
  ): Promise<Container>;
  /** Deletes it with its extensions, versions, secrets and bindings. */
  delete(request: { name: string } & EtagOption & ChangeOptions): Promise<void>;
}

/** The containers of a database. */
export function containerStore(transactions: Transactions): ContainerStore {
  return {
    async create(request) {
      checkContainerName(request.name);
      return await transactions.change(request, (transaction) =>
        createContainer(transaction, request),
      );
    },
    get: (name) =>
      transactions.read((transaction) => requireContainer(transaction, name)),
    find: (name) =>
      transactions.read((transaction) => findContainer(transaction, name)),
    list: (request) =>
      transactions.read((transaction) => listContainers(transaction, request)),
    update: (request) =>
      transactions.change(request, (transaction) =>
        updateContainer(transaction, request),
      ),
    delete: (request) =>
      transactions.change(request, (transaction) =>
        deleteContainer(transaction, request),
      ),
  };
}

async function createContainer(
  transaction: ChangeTransaction,
  request: { name: string } & ContainerChange,
): Promise<Container> {
  const { query, touch, mark, nowMs } = transaction;
  const { name } = request;
  if (await findContainer(transaction, name))
    throw new AnnexError(
      "already_exists",
      `container ${quote(name)} already exists`,
    );
  const settings = changedSettings(noContainerSettings, request);
  const etag = touch(`container/${name}`);
  const row = { name, created_at_ms: nowMs, etag, ...columnsOf(settings) };
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

/** What is as it was is no revision: hosts have it. */
async function updateContainer(
  transaction: ChangeTransaction,
  request: { name: string } & ContainerChange & EtagOption,
): Promise<Container> {
  const { query, touch, mark } = transaction;
  const { name } = request;
  const before = await requireContainer(transaction, name);
  checkEtag(`container ${quote(name)}`, request.etag, before.etag);
  const columns = columnsOf(changedSettings(before, request));
  if (JSON.stringify(columns) === JSON.stringify(columnsOf(before)))
    return before;
  await query
    .updateTable("containers")
    .set({ ...columns, etag: touch(`container/${name}`) })
    .where("name", "=", name)
    .execute();
  mark({ kind: "container", container: name });
  return await requireContainer(transaction, name);
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
