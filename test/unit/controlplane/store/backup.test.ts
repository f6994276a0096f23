import SqliteFile from "better-sqlite3";
import { copyFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { backupDatabase } from "../../../../controlplane/store/backup.ts";
import { restoreInto } from "../../../../controlplane/store/restore.ts";
import {
  greet,
  optionsIn,
  publishAll,
  storeIn,
  temporaryFolder,
  Writer,
} from "./fixture.ts";

/** A folder with a store in it, a backup of it, and a change made after. */
async function backedUp() {
  const folder = temporaryFolder();
  const backupFile = join(folder, "backup.db");
  const store = await storeIn(folder);
  await store.containers.create({ name: "acme" });
  await publishAll(store, "1");
  await store.secrets.set({ ...greet, name: "KEY", value: "value" });
  const position = await store.changes.position();
  await store.backupTo(backupFile);
  await store.containers.create({ name: "after" });
  return { folder, backupFile, store, position, options: optionsIn(folder) };
}

test("a backup taken while another process writes is whole, and restores in another folder", async () => {
  const folder = temporaryFolder();
  const writer = new Writer(folder, "busy");
  await writer.progress(20);
  const before = writer.acknowledged.length;
  const backupFile = join(temporaryFolder(), "backup.db");
  const databaseFile = optionsIn(folder).file;
  await backupDatabase({ databaseFile, backupFile });
  await writer.progress(20);
  await writer.kill();

  const other = temporaryFolder();
  restoreInto({ backupFile, databaseFile: optionsIn(other).file });
  copyFileSync(optionsIn(folder).masterKeyFile, optionsIn(other).masterKeyFile);
  const store = await storeIn(other);
  const { items } = await store.containers.list({ pageSize: 1000 });
  const restored = new Set(items.map(({ name }) => name));
  for (const name of writer.acknowledged.slice(0, before))
    expect(restored).toContain(name);
  expect(items).toHaveLength((await store.changes.position()).revision - 1);
});

test("a backup is one private file wherever it is read, and does not overwrite another", async () => {
  const { folder, backupFile, store } = await backedUp();
  expect(statSync(backupFile).mode & 0o777).toBe(0o600);
  const backup = new SqliteFile(backupFile, { readonly: true });
  expect(backup.pragma("journal_mode", { simple: true })).toBe("delete");
  expect(backup.prepare("select name from containers").pluck().all()).toEqual([
    "acme",
  ]);
  const names = readdirSync(folder);
  expect(names.filter((name) => name.startsWith("backup"))).toEqual([
    "backup.db",
  ]);
  backup.close();
  await expect(store.backupTo(backupFile)).rejects.toMatchObject({
    code: "already_exists",
  });
});

test("backing up what is no store says so", async () => {
  const folder = temporaryFolder();
  const databaseFile = join(folder, "other.db");
  const backupFile = join(folder, "backup.db");
  await expect(
    backupDatabase({ databaseFile, backupFile }),
  ).rejects.toMatchObject({ code: "not_found" });
  new SqliteFile(databaseFile).close();
  await expect(
    backupDatabase({ databaseFile, backupFile }),
  ).rejects.toMatchObject({ code: "precondition" });
  expect(readdirSync(folder)).toEqual(["other.db"]);
});

test("a restored store has what the backup had, in a new history", async () => {
  const { folder, backupFile, store, position, options } = await backedUp();
  const later = await store.changes.position();
  await store.close();
  const restored = restoreInto({
    backupFile,
    databaseFile: options.file,
    replace: true,
  });
  expect(restored).toMatchObject({
    parentHistoryId: position.historyId,
    revision: position.revision,
  });

  const again = await storeIn(folder);
  const state = await again.extensions.readState(greet);
  expect(state?.secrets).toEqual({ KEY: "value" });
  await expect(again.containers.get("after")).rejects.toMatchObject({
    code: "not_found",
  });
  expect(await again.changes.position()).toEqual({
    historyId: restored.historyId,
    revision: position.revision,
  });
  expect(restored.historyId).not.toBe(position.historyId);
  expect(await again.changes.parentHistoryId()).toBe(position.historyId);
  expect((await again.changes.read(position)).resync).toBe(true);
  expect((await again.changes.read(later)).resync).toBe(true);
  const created = await again.containers.create({ name: "after" });
  expect((await again.changes.position()).revision).toBe(position.revision + 1);
  expect(created.name).toBe("after");
});

test("the same revision in two histories gives two etags", async () => {
  const { folder, backupFile, store, options } = await backedUp();
  const { etag } = await store.containers.get("after");
  await store.close();
  restoreInto({ backupFile, databaseFile: options.file, replace: true });
  const again = await storeIn(folder);
  const other = await again.containers.create({ name: "after" });
  expect(other.etag).not.toBe(etag);
});

test("restoring is refused while the store is open, and where one is unless asked to replace it", async () => {
  const { backupFile, store, options } = await backedUp();
  const databaseFile = options.file;
  expect(() =>
    restoreInto({ backupFile, databaseFile, replace: true }),
  ).toThrow(/another control plane is using/);
  expect(await store.containers.get("after")).toBeDefined();
  await store.close();
  expect(() => restoreInto({ backupFile, databaseFile })).toThrow(
    /exists: restore with --replace/,
  );
});

test("what is no backup, or a damaged or newer one, is refused and changes nothing", async () => {
  const { folder, backupFile, store, options } = await backedUp();
  await store.close();
  const restore = (file: string) => () =>
    restoreInto({
      backupFile: file,
      databaseFile: options.file,
      replace: true,
    });
  expect(restore(join(folder, "missing.db"))).toThrow(/there is no backup/);

  const text = join(folder, "text.db");
  writeFileSync(text, "SQLite format 4, or so it says\n".repeat(100));
  expect(restore(text)).toThrow(/damaged or no backup/);

  const foreign = join(folder, "foreign.db");
  new SqliteFile(foreign).exec("create table t (x)").close();
  expect(restore(foreign)).toThrow(/damaged or no backup/);

  const damaged = join(folder, "damaged.db");
  copyFileSync(backupFile, damaged);
  const file = new SqliteFile(damaged);
  file.unsafeMode();
  file.pragma("writable_schema = on");
  file.exec("update sqlite_master set rootpage = 99999 where name = 'changes'");
  file.close();
  expect(restore(damaged)).toThrow(/damaged or no backup/);

  const newer = join(folder, "newer.db");
  copyFileSync(backupFile, newer);
  new SqliteFile(newer)
    .exec("insert into kysely_migration values ('9999-later', '2030-01-01')")
    .close();
  expect(restore(newer)).toThrow(/written by a newer release.*9999-later/);

  const again = await storeIn(folder);
  expect(await again.containers.get("after")).toBeDefined();
  expect(
    readdirSync(folder).filter((name) => name.includes("partial")),
  ).toEqual([]);
});

test("what a killed control plane had not folded into its file does not reach the restored one", async () => {
  const { folder, backupFile, store, options } = await backedUp();
  await store.close();
  const writer = new Writer(folder, "lost");
  await writer.progress(5);
  await writer.kill();
  expect(readdirSync(folder)).toContain("annex.db-wal");

  restoreInto({ backupFile, databaseFile: options.file, replace: true });

  const again = await storeIn(folder);
  const { items } = await again.containers.list({});
  expect(items.map(({ name }) => name)).toEqual(["acme"]);
});

test("a restore takes the place of a database that is beyond reading", async () => {
  const { folder, backupFile, store, options } = await backedUp();
  await store.close();
  writeFileSync(options.file, "nothing of what was here\n".repeat(1000));
  restoreInto({ backupFile, databaseFile: options.file, replace: true });
  const again = await storeIn(folder);
  expect(await again.containers.get("acme")).toBeDefined();
});
