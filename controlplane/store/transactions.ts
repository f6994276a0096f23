/** Every access to the database is a transaction; every one that changes something is one revision of the history. */
import type { Kysely, Transaction } from "kysely";
import { AnnexError } from "../../proto/errors.ts";
import { etagOf } from "../domain/etag.ts";
import {
  nameOfResource,
  type Position,
  type Resource,
} from "../domain/history.ts";
import { storageErrorOf } from "./dialect.ts";
import type { Schema } from "./schema.ts";

/** What every function that changes something takes besides. */
export interface ChangeOptions {
  /** Checks everything and changes nothing; the answer is what it would have been. */
  validateOnly?: boolean | undefined;
  /** W3C trace context that pushes of this change continue. */
  traceparent?: string | undefined;
}

/** A snapshot to read from. */
export interface ReadTransaction {
  query: Transaction<Schema>;
}

/** A snapshot to read from and to change. */
export interface ChangeTransaction extends ReadTransaction {
  /** When it happens; one time for all of it. */
  nowMs: number;
  /** Says that something changed, though nothing hosts are told of; gives the etag of what the name names. */
  touch: (name: string) => string;
  /** Says that hosts must be told of a resource. */
  mark: (resource: Resource) => void;
  /** Says that hosts must be told that a resource is no more. */
  markRemoved: (resource: Resource) => void;
}

/** Opens transactions. SQLite has one connection here, so they run one after the other. */
export interface Transactions {
  read<Value>(
    work: (transaction: ReadTransaction) => Promise<Value>,
  ): Promise<Value>;
  change<Value>(
    options: ChangeOptions,
    work: (transaction: ChangeTransaction) => Promise<Value>,
  ): Promise<Value>;
  onChange(listener: () => void): () => void;
  /** Waits for the transactions that have begun, then closes the database. */
  close(): Promise<void>;
}

/** Takes over an open database. */
export function transactionsOf(
  db: Kysely<Schema>,
  now: () => number,
): Transactions {
  const listeners = new Set<() => void>();
  let closed: Promise<void> | undefined;
  const refuseClosed = (): void => {
    if (closed) throw new AnnexError("unavailable", "the store is closed");
  };
  return {
    async read(work) {
      refuseClosed();
      return await db.transaction().execute((query) => work({ query }));
    },
    async change(options, work) {
      refuseClosed();
      const outcome = await runChange({ db, now }, options, work);
      if (outcome.committed) listeners.forEach((tell) => queueMicrotask(tell));
      return outcome.value;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => (closed ??= closeWhenQuiet(db)),
  };
}

/** Where the history stands, inside a transaction. */
export async function readPosition(
  query: Transaction<Schema>,
): Promise<Position> {
  const { history_id: historyId, revision } = await query
    .selectFrom("history")
    .select(["history_id", "revision"])
    .executeTakeFirstOrThrow();
  return { historyId, revision };
}

/** Carries a dry run's answer out of the transaction that is rolled back. */
class DryRun<Value> {
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

interface Outcome<Value> {
  value: Value;
  committed: boolean;
}

async function runChange<Value>(
  { db, now }: { db: Kysely<Schema>; now: () => number },
  options: ChangeOptions,
  work: (transaction: ChangeTransaction) => Promise<Value>,
): Promise<Outcome<Value>> {
  let dryRun: DryRun<Value> | undefined;
  try {
    return await db.transaction().execute(async (query) => {
      const before = await readPosition(query);
      const at = { ...before, revision: before.revision + 1 };
      const changed = new Changed(at);
      const value = await work({
        query,
        nowMs: now(),
        touch: (name) => changed.touch(name),
        mark: (resource) => changed.mark(resource, false),
        markRemoved: (resource) => changed.mark(resource, true),
      });
      await changed.write(query, options.traceparent);
      // Only throwing makes kysely roll back.
      if (options.validateOnly) throw (dryRun = new DryRun(value));
      return { value, committed: changed.any };
    });
  } catch (error) {
    if (dryRun && error === dryRun)
      return { value: dryRun.value, committed: false };
    throw storageErrorOf(error);
  }
}

/** What one transaction has changed. */
class Changed {
  readonly #at: Position;
  readonly #removedByName = new Map<string, boolean>();
  any = false;

  constructor(at: Position) {
    this.#at = at;
  }

  touch(name: string): string {
    this.any = true;
    return etagOf(name, this.#at);
  }

  mark(resource: Resource, removed: boolean): void {
    this.any = true;
    this.#removedByName.set(nameOfResource(resource), removed);
  }

  async write(
    query: Transaction<Schema>,
    traceparent: string | undefined,
  ): Promise<void> {
    if (!this.any) return;
    const { revision } = this.#at;
    await query.updateTable("history").set({ revision }).execute();
    for (const [name, removed] of this.#removedByName) {
      const change = {
        revision,
        removed: Number(removed),
        traceparent: traceparent || null,
      };
      await query
        .insertInto("changes")
        .values({ name, ...change })
        .onConflict((conflict) => conflict.column("name").doUpdateSet(change))
        .execute();
    }
  }
}

async function closeWhenQuiet(db: Kysely<Schema>): Promise<void> {
  // The one connection is free when those before us are done with it.
  await db.connection().execute(() => Promise.resolve());
  await db.destroy();
}
