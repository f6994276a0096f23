/** Where SQLite is not as kysely takes it to be, and what its errors mean to us. */
import { SqliteError, type Database } from "better-sqlite3";
import {
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  type DatabaseConnection,
} from "kysely";
import { AnnexError } from "../../proto/errors.ts";

/** Kysely's SQLite over an open database. */
export class SqliteStoreDialect extends SqliteDialect {
  readonly #sqlite: Database;

  constructor(sqlite: Database) {
    super({ database: sqlite });
    this.#sqlite = sqlite;
  }

  override createAdapter(): SqliteAdapter {
    return new Adapter();
  }

  override createDriver(): SqliteDriver {
    return new Driver(this.#sqlite);
  }
}

/** What a caller should know of what the database threw; the rest is our bug. */
export function storageErrorOf(error: unknown): unknown {
  if (!(error instanceof SqliteError)) return error;
  const known = storageErrors.find(({ code }) => error.code.startsWith(code));
  if (!known) return error;
  return new AnnexError("unavailable", known.message, { cause: error });
}

const storageErrors = [
  {
    code: "SQLITE_FULL",
    message:
      "the control plane's disk is full: nothing was changed; free some space, then retry",
  },
  {
    code: "SQLITE_IOERR",
    message:
      "the control plane's disk is failing: read what was to be changed before trying again",
  },
  {
    code: "SQLITE_BUSY",
    message:
      "another program has the control plane's database locked: nothing was changed; retry when it is done",
  },
];

/** SQLite's transactions hold schema changes too, which kysely does not count on. */
class Adapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** Where a disk is full SQLite has already rolled back, and refuses to do it again: that would hide the first error. */
class Driver extends SqliteDriver {
  readonly #sqlite: Database;

  constructor(sqlite: Database) {
    super({ database: sqlite });
    this.#sqlite = sqlite;
  }

  override async rollbackTransaction(
    connection: DatabaseConnection,
  ): Promise<void> {
    if (this.#sqlite.inTransaction) await super.rollbackTransaction(connection);
  }
}
