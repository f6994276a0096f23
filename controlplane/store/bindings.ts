/** Bindings: which extension of a container is at a point. */
import { AnnexError } from "../../proto/errors.ts";
import { quote } from "../domain/name.ts";
import type { Binding } from "../domain/point.ts";
import { requireContainer } from "./container-rows.ts";
import { markExtension, requireExtensionRow } from "./extension-rows.ts";
import { requirePoint } from "./point-rows.ts";
import type {
  ChangeOptions,
  ChangeTransaction,
  ReadTransaction,
  Transactions,
} from "./transactions.ts";

/** An extension to be put at a point of its container. */
export interface BindRequest extends Binding {
  /** Take the place of what is bound there now. */
  replace?: boolean | undefined;
}

/** Names one binding: a container has one extension at a point. */
export type BindingName = Omit<Binding, "extension">;

/** Keeps bindings. */
export interface BindingStore {
  /** Refused with precondition where another extension is bound, unless `replace`. */
  bind(request: BindRequest & ChangeOptions): Promise<Binding>;
  unbind(request: BindingName & ChangeOptions): Promise<void>;
  listBindings(container: string): Promise<Binding[]>;
}

/** The bindings of a database. */
export function bindingStore(transactions: Transactions): BindingStore {
  return {
    bind: (request) =>
      transactions.change(request, async (transaction) => {
        const { container, point, extension } = request;
        if (await bindExtension(transaction, request))
          await markExtension(transaction, request);
        return { container, point, extension };
      }),
    unbind: (request) =>
      transactions.change(request, (transaction) =>
        unbindExtension(transaction, request),
      ),
    listBindings: (container) =>
      transactions.read((transaction) => listBindings(transaction, container)),
  };
}

/** Binds an extension; false where it already was. The caller marks the extension. */
export async function bindExtension(
  transaction: ChangeTransaction,
  request: BindRequest,
): Promise<boolean> {
  await requireExtensionRow(transaction, request);
  await requirePoint(transaction, request.point);
  const bound = await findBinding(transaction, request);
  if (bound?.extension === request.extension) return false;
  if (bound) await makeRoom(transaction, bound, request);
  const { container, point, extension } = request;
  await transaction.query
    .insertInto("bindings")
    .values({ container, point, extension })
    .execute();
  return true;
}

async function makeRoom(
  transaction: ChangeTransaction,
  bound: Binding,
  request: BindRequest,
): Promise<void> {
  if (!request.replace)
    throw new AnnexError(
      "precondition",
      `extension ${quote(bound.extension)} is bound at point ${quote(bound.point)}, which holds one extension of a container: unbind it first, or bind with replace`,
    );
  await deleteBinding(transaction, bound);
}

async function unbindExtension(
  transaction: ChangeTransaction,
  name: BindingName,
): Promise<void> {
  const bound = await findBinding(transaction, name);
  if (!bound)
    throw new AnnexError(
      "not_found",
      `container ${quote(name.container)} has nothing bound at point ${quote(name.point)}`,
    );
  await deleteBinding(transaction, bound);
}

async function deleteBinding(
  transaction: ChangeTransaction,
  bound: Binding,
): Promise<void> {
  await transaction.query
    .deleteFrom("bindings")
    .where("container", "=", bound.container)
    .where("point", "=", bound.point)
    .execute();
  await markExtension(transaction, bound);
}

async function findBinding(
  { query }: ReadTransaction,
  name: BindingName,
): Promise<Binding | undefined> {
  return await query
    .selectFrom("bindings")
    .selectAll()
    .where("container", "=", name.container)
    .where("point", "=", name.point)
    .executeTakeFirst();
}

async function listBindings(
  transaction: ReadTransaction,
  container: string,
): Promise<Binding[]> {
  await requireContainer(transaction, container);
  return await transaction.query
    .selectFrom("bindings")
    .selectAll()
    .where("container", "=", container)
    .orderBy("point")
    .execute();
}
