/** A database that only knew migration 0001, opened by this release. */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import SqliteFile from "better-sqlite3";
import { Kysely, SqliteDialect } from "kysely";
import { Migrator } from "kysely/migration";
import { expect, onTestFinished, test } from "vitest";
import * as init from "../../../../controlplane/store/migrations/0001-init.ts";
import { backupDatabase } from "../../../../controlplane/store/backup.ts";
import { noContainerLimits } from "../../../../controlplane/domain/limits.ts";
import { appliedMigrations } from "../../../../controlplane/store/db.ts";
import { lockFolderOf } from "../../../../controlplane/store/lock.ts";
import { operatorToken } from "../../../../controlplane/tokens.ts";
import { restoreInto } from "../../../../controlplane/store/restore.ts";
import {
  greet,
  optionsIn,
  publishAll,
  storeIn,
  temporaryFolder,
} from "./fixture.ts";

const tables = [
  "history",
  "changes",
  "containers",
  "points",
  "extensions",
  "version_counters",
  "bundles",
  "versions",
  "source_contents",
  "source_files",
  "activations",
  "bindings",
  "secrets",
  "signing_keys",
  "revocations",
];

/** What a store of the first release held, with an extension, a secret, a binding and a revocation; nothing of later tables. */
async function oldFolder(): Promise<string> {
  const newFolder = temporaryFolder();
  const store = await storeIn(newFolder);
  await store.containers.create({ name: "acme" });
  await store.points.create({ name: "on-login" });
  await publishAll(store, "1", "2");
  await store.points.bind({ ...greet, point: "on-login" });
  await store.secrets.set({ ...greet, name: "KEY", value: "value" });
  await store.tokens.revoke({ jti: "t1", expiresAtS: 0 });
  await store.close();
  const folder = temporaryFolder();
  await createOld(optionsIn(folder).file);
  copyRows(optionsIn(newFolder).file, optionsIn(folder).file);
  copyFileSync(
    optionsIn(newFolder).masterKeyFile,
    optionsIn(folder).masterKeyFile,
  );
  return folder;
}

async function createOld(file: string): Promise<void> {
  const dialect = new SqliteDialect({ database: new SqliteFile(file) });
  const db = new Kysely<unknown>({ dialect });
  const provider = {
    getMigrations: () => Promise.resolve({ "0001-init": init }),
  };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  expect(error).toBeUndefined();
  await db.destroy();
}

function copyRows(from: string, to: string): void {
  const file = new SqliteFile(to);
  file.pragma("foreign_keys = off");
  file.prepare("attach ? as later").run(from);
  for (const table of tables) {
    const columns = file.pragma(`main.table_info(${table})`) as {
      name: string;
    }[]; // as SQLite documents it
    const names = columns.map(({ name }) => name).join(", ");
    file.exec(
      `insert into main.${table} (${names}) select ${names} from later.${table}`,
    );
  }
  // The first release told hosts of neither.
  file.exec(
    "delete from main.changes where name = 'egress' or name like 'point/%'",
  );
  file.close();
}

test("everything of the first release is there after the upgrade, with nothing limited", async () => {
  const store = await storeIn(await oldFolder());
  expect(await store.containers.get("acme")).toMatchObject({
    name: "acme",
    createdAtMs: 1_800_000_000_000,
    labels: {},
    trustGroup: "",
    limits: noContainerLimits,
    egress: { allow: [], deny: [] },
  });
  expect(await store.points.get("on-login")).toMatchObject({
    limits: { cpuMs: 0, syncMs: 0, wallMs: 0 },
  });
  expect(await store.extensions.get(greet)).toMatchObject({
    activeVersion: 2,
    newestVersion: 2,
    points: ["on-login"],
    secretNames: ["KEY"],
  });
  expect(await store.extensions.readState(greet)).toMatchObject({
    secrets: { KEY: "value" },
    quarantineReleases: 0,
  });
  expect((await store.versions.list(greet)).items).toHaveLength(2);
  expect(await store.tokens.isRevoked("t1")).toBe(true);
  const { etag, ...egress } = await store.egress.get();
  expect(egress).toEqual({ internalHosts: [], deny: [], proxies: [] });
  expect(etag).not.toBe("");
});

test("a host that was up to date before the upgrade is told of points and egress, and of nothing else", async () => {
  const folder = await oldFolder();
  const file = new SqliteFile(optionsIn(folder).file);
  const [before] = file
    .prepare<[], { historyId: string; revision: number }>(
      "select history_id as historyId, revision from history",
    )
    .all();
  file.close();
  const store = await storeIn(folder);
  const { resync, position, changes } = await store.changes.read(before);
  expect(resync).toBe(false);
  expect(position).toEqual({
    historyId: before?.historyId,
    revision: (before?.revision ?? 0) + 1,
  });
  expect(changes.map(({ name }) => name)).toEqual(["egress", "point/on-login"]);
});

test("an upgraded store takes every kind of change", async () => {
  const folder = await oldFolder();
  const store = await storeIn(folder);
  await store.containers.update({ name: "acme", trustGroup: "ours" });
  await store.extensions.releaseQuarantine(greet);
  await store.points.unbind({ container: "acme", point: "on-login" });
  await store.points.delete({ name: "on-login" });
  await store.close();
  const again = await storeIn(folder);
  expect(await again.containers.get("acme")).toMatchObject({
    trustGroup: "ours",
  });
  expect(await again.changes.allNames()).not.toContain("point/on-login");
});

test("who only reads beside the owner does not upgrade what may be an older release's", async () => {
  const { file, masterKeyFile, now } = optionsIn(await oldFolder());
  const owner = lockFolderOf(file);
  onTestFinished(() => owner.release());
  await operatorToken({ file, masterKeyFile, now }, "admin");
  const database = new SqliteFile(file);
  expect(appliedMigrations(database)).toEqual(["0001-init"]);
  database.close();
});

test("a backup of the first release restores, and is upgraded when it is opened", async () => {
  const old = await oldFolder();
  const backupFile = join(temporaryFolder(), "backup.db");
  const databaseFile = optionsIn(old).file;
  await backupDatabase({ databaseFile, backupFile });
  const folder = temporaryFolder();
  restoreInto({ backupFile, databaseFile: optionsIn(folder).file });
  copyFileSync(optionsIn(old).masterKeyFile, optionsIn(folder).masterKeyFile);
  const store = await storeIn(folder);
  expect(await store.extensions.readState(greet)).toMatchObject({
    secrets: { KEY: "value" },
  });
  expect(await store.changes.allNames()).toContain("egress");
});
