/** The history: which resources changed, and when last. State, not events: a resource that changed often is named once. */
import type { Selectable } from "kysely";
import {
  resourceOfName,
  type Change,
  type Position,
  type Resource,
} from "../domain/history.ts";
import type { ChangesTable, HistoryTable } from "./schema.ts";
import {
  readPosition,
  type ReadTransaction,
  type Transactions,
} from "./transactions.ts";

/** What changed since a position, read in one transaction. */
export interface Changes {
  position: Position;
  /** True where no position was given, or it is of another history or compacted: `changes` then names everything there is. */
  resync: boolean;
  /** Oldest change first. */
  changes: Change[];
}

/** Keeps the history. */
export interface ChangeStore {
  position(): Promise<Position>;
  /** Of a restored store, the history that its backup was taken from. */
  parentHistoryId(): Promise<string | undefined>;
  /** What changed after a position, removed things included; everything there is where a resync is needed. */
  read(
    since: Position | undefined,
    filter?: (resource: Resource) => boolean,
  ): Promise<Changes>;
  /** The names of everything there is. */
  allNames(): Promise<string[]>;
  /** Calls back after every commit that changed something, until the function it returns is called. */
  onChange(listener: () => void): () => void;
  /** Forgets what was removed up to a revision: hosts that have not come so far will resync. */
  compact(throughRevision: number): Promise<void>;
}

/** The history of a database. */
export function changeStore(transactions: Transactions): ChangeStore {
  return {
    position: () => transactions.read(({ query }) => readPosition(query)),
    parentHistoryId: () =>
      transactions.read(async (transaction) => {
        const history = await readHistory(transaction);
        return history.parent_history_id ?? undefined;
      }),
    read: (since, filter) =>
      transactions.read((transaction) =>
        readChanges(transaction, since, filter),
      ),
    allNames: () =>
      transactions.read(async (transaction) => {
        const { changes } = await readChanges(transaction, undefined);
        return changes.map((change) => change.name);
      }),
    onChange: (listener) => transactions.onChange(listener),
    compact: (throughRevision) =>
      transactions.change({}, (transaction) =>
        compact(transaction, throughRevision),
      ),
  };
}

async function readChanges(
  transaction: ReadTransaction,
  since: Position | undefined,
  filter: (resource: Resource) => boolean = () => true,
): Promise<Changes> {
  const history = await readHistory(transaction);
  const { history_id: historyId, revision } = history;
  const continues = since !== undefined && isPast(history, since);
  const rows = continues
    ? await readAfter(transaction, since.revision)
    : await readAll(transaction);
  const changes = rows.map(changeOf);
  return {
    position: { historyId, revision },
    resync: !continues,
    changes: changes.filter(({ resource }) => filter(resource)),
  };
}

/** Whether all that happened after a position is still known. */
function isPast(history: Selectable<HistoryTable>, since: Position): boolean {
  return (
    since.historyId === history.history_id &&
    since.revision >= history.compacted_revision &&
    since.revision <= history.revision
  );
}

async function readHistory({
  query,
}: ReadTransaction): Promise<Selectable<HistoryTable>> {
  return await query
    .selectFrom("history")
    .selectAll()
    .executeTakeFirstOrThrow();
}

async function readAfter(
  { query }: ReadTransaction,
  revision: number,
): Promise<ChangesTable[]> {
  return await query
    .selectFrom("changes")
    .selectAll()
    .where("revision", ">", revision)
    .orderBy("revision")
    .orderBy("name")
    .execute();
}

async function readAll({ query }: ReadTransaction): Promise<ChangesTable[]> {
  return await query
    .selectFrom("changes")
    .selectAll()
    .where("removed", "=", 0)
    .orderBy("revision")
    .orderBy("name")
    .execute();
}

function changeOf(row: ChangesTable): Change {
  return {
    name: row.name,
    resource: resourceOfName(row.name),
    revision: row.revision,
    removed: row.removed === 1,
    traceparent: row.traceparent ?? undefined,
  };
}

/** Not a revision itself: nothing hosts hold is other than before. */
async function compact(
  transaction: ReadTransaction,
  throughRevision: number,
): Promise<void> {
  const { revision, compacted_revision: compacted } =
    await readHistory(transaction);
  const through = Math.min(throughRevision, revision);
  if (through <= compacted) return;
  await transaction.query
    .deleteFrom("changes")
    .where("removed", "=", 1)
    .where("revision", "<=", through)
    .execute();
  await transaction.query
    .updateTable("history")
    .set({ compacted_revision: through })
    .execute();
}
