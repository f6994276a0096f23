import SqliteFile from "better-sqlite3";
import { sql } from "kysely";
import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { containerStore } from "../../../../controlplane/store/containers.ts";
import { openDatabase } from "../../../../controlplane/store/db.ts";
import { openStore } from "../../../../controlplane/store/store.ts";
import {
  newSecretKey,
  sealingKeyOf,
} from "../../../../controlplane/store/sealing.ts";
import { transactionsOf } from "../../../../controlplane/store/transactions.ts";
import { versionStore } from "../../../../controlplane/store/versions.ts";
import {
  greet,
  optionsIn,
  publishOf,
  storeIn,
  temporaryFolder,
} from "./fixture.ts";

test("a commit is on the disk when it is acknowledged, and references hold", async () => {
  const db = await openDatabase(optionsIn(temporaryFolder()).file);
  const settingOf = async (name: string) => {
    const { rows } = await sql
      .raw<Record<string, unknown>>(`pragma ${name}`)
      .execute(db);
    return rows[0]?.[name];
  };
  expect(await settingOf("journal_mode")).toBe("wal");
  expect(await settingOf("synchronous")).toBe(2);
  expect(await settingOf("fullfsync")).toBe(1);
  expect(await settingOf("foreign_keys")).toBe(1);
  await db.destroy();
});

test("a full disk costs the change that meets it, says so, and nothing else", async () => {
  const db = await openDatabase(optionsIn(temporaryFolder()).file);
  const masterKey = sealingKeyOf(newSecretKey());
  await db
    .insertInto("history")
    .values({
      id: 1,
      history_id: "h",
      parent_history_id: null,
      revision: 0,
      compacted_revision: 0,
      master_key_id: masterKey.id,
    })
    .execute();
  const transactions = transactionsOf(db, () => 0);
  const containers = containerStore(transactions);
  const versions = versionStore(transactions, masterKey);
  await containers.create({ name: "acme" });
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(
    db,
  );
  const limit = (rows[0]?.page_count ?? 0) + 20;
  await sql.raw(`pragma max_page_count = ${limit}`).execute(db);

  const large = publishOf("x".repeat(1_000_000));
  await expect(
    versions.publish({ ...large, create: true }),
  ).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringContaining("disk is full"),
  });

  await expect(versions.get({ ...greet, number: 1 })).rejects.toMatchObject({
    code: "not_found",
  });
  await versions.publish({ ...publishOf("small"), create: true });
  const { items } = await versions.list(greet);
  expect(items.map(({ number }) => number)).toEqual([1]);
  await transactions.close();
});

test("a database that was migrated is opened as it is", async () => {
  const { file } = optionsIn(temporaryFolder());
  const first = await openDatabase(file);
  await sql`insert into points values ('p', 1, 'e', '{}')`.execute(first);
  await first.destroy();
  const second = await openDatabase(file);
  const points = await second.selectFrom("points").selectAll().execute();
  expect(points).toEqual([
    { name: "p", created_at_ms: 1, etag: "e", limits: "{}" },
  ]);
  await second.destroy();
});

test("a file that is no database is refused with what to do", async () => {
  const options = optionsIn(temporaryFolder());
  writeFileSync(options.file, "not a database at all\n".repeat(100));
  await expect(openStore(options)).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("restore a backup"),
  });
});

test("a database of a newer release is refused", async () => {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  await store.close();
  new SqliteFile(optionsIn(folder).file)
    .exec("insert into kysely_migration values ('9999-later', '2030-01-01')")
    .close();
  await expect(openStore(optionsIn(folder))).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("newer release, which knows migration"),
  });
});
