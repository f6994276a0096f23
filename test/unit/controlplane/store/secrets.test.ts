import SqliteFile from "better-sqlite3";
import {
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openStore } from "../../../../controlplane/store/store.ts";
import {
  greet,
  newStore,
  optionsIn,
  publishAll,
  publishOf,
  storeIn,
  temporaryFolder,
} from "./fixture.ts";

const secretValue = "correct horse battery staple";

async function folderWithSecret(): Promise<string> {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  await store.containers.create({ name: "acme" });
  await publishAll(store, "1");
  await store.secrets.set({ ...greet, name: "KEY", value: secretValue });
  await store.close();
  return folder;
}

function changeRows(folder: string, statement: string): void {
  const file = new SqliteFile(optionsIn(folder).file);
  file.exec(statement);
  file.close();
}

test("a secret is listed by name, given to hosts, and replaced", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  for (const value of ["old", "new"])
    await store.secrets.set({ ...greet, name: "KEY", value });
  expect(await store.secrets.list(greet)).toEqual([
    { ...greet, name: "KEY", updatedAtMs: 1_800_000_000_000 },
  ]);
  const state = await store.extensions.readState(greet);
  expect(state?.secrets).toEqual({ KEY: "new" });
  await store.secrets.delete({ ...greet, name: "KEY" });
  expect((await store.extensions.get(greet)).secretNames).toEqual([]);
  await expect(
    store.secrets.delete({ ...greet, name: "KEY" }),
  ).rejects.toMatchObject({ code: "not_found" });
});

test("no file of the store holds a secret or a signing key in the clear, nor can others read any", async () => {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  await store.containers.create({ name: "acme" });
  await store.versions.publish({
    ...publishOf("1"),
    create: true,
    secrets: { KEY: secretValue },
  });
  const { privateKey } = await store.tokens.signingKey();
  await store.backupTo(join(folder, "backup.db"));

  const names = readdirSync(folder);
  // The store is open, so that what was written last is in the -wal file.
  expect(names).toEqual(
    expect.arrayContaining(["annex.db", "annex.db-wal", "backup.db"]),
  );
  for (const name of names) {
    const content = readFileSync(join(folder, name));
    expect(content.includes(secretValue), name).toBe(false);
    expect(content.includes(privateKey.d), name).toBe(false);
    expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
  }
  const masterKey = readFileSync(optionsIn(folder).masterKeyFile, "utf8");
  const backup = readFileSync(join(folder, "backup.db"));
  expect(backup.includes(Buffer.from(masterKey, "base64"))).toBe(false);
});

test("a secret put in another's place does not open", async () => {
  const folder = await folderWithSecret();
  changeRows(folder, "update secrets set name = 'OTHER'");
  const store = await storeIn(folder);
  await expect(store.extensions.readState(greet)).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("acme/greet/OTHER"),
  });
});

test("a secret does not open in another extension, even where its data key comes along", async () => {
  const folder = await folderWithSecret();
  const before = await storeIn(folder);
  const thief = { container: "acme", extension: "thief" };
  await before.versions.publish({
    ...publishOf("1"),
    ...thief,
    create: true,
  });
  await before.close();
  changeRows(
    folder,
    `update secrets set extension = 'thief';
     update extensions set sealed_data_key =
       (select sealed_data_key from extensions where name = 'greet')`,
  );
  const store = await storeIn(folder);
  await expect(store.extensions.readState(thief)).rejects.toMatchObject({
    code: "internal",
  });
});

test("an altered secret does not open", async () => {
  const folder = await folderWithSecret();
  const file = new SqliteFile(optionsIn(folder).file);
  const sealed = file
    .prepare<[], Buffer>("select sealed_value from secrets")
    .pluck()
    .get();
  const altered = Buffer.from(sealed ?? "");
  altered.writeUInt8(altered.readUInt8(40) ^ 1, 40);
  file.prepare("update secrets set sealed_value = ?").run(altered);
  file.close();
  const store = await storeIn(folder);
  await expect(store.extensions.readState(greet)).rejects.toMatchObject({
    code: "internal",
    message: expect.stringContaining("altered"),
  });
});

test("equal secrets are not seen to be equal", async () => {
  const folder = await folderWithSecret();
  const store = await storeIn(folder);
  await store.secrets.set({ ...greet, name: "TWIN", value: secretValue });
  await store.close();
  const file = new SqliteFile(optionsIn(folder).file, { readonly: true });
  const sealed = file
    .prepare<[], Buffer>("select sealed_value from secrets")
    .pluck()
    .all();
  file.close();
  expect(sealed).toHaveLength(2);
  expect(sealed[0]?.subarray(8)).not.toEqual(sealed[1]?.subarray(8));
});

test("names and values beyond their limits are refused without repeating the value", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  const set = (name: string, value: string) =>
    store.secrets.set({ ...greet, name, value });
  await set("n".repeat(128), "v".repeat(16 * 1024));
  await expect(set("", "v")).rejects.toMatchObject({ code: "invalid" });
  await expect(set("n".repeat(129), "v")).rejects.toMatchObject({
    code: "invalid",
  });
  const tooLong = "é".repeat(8 * 1024) + "!";
  await expect(set("KEY", tooLong)).rejects.toMatchObject({
    code: "invalid",
    message: expect.not.stringContaining("é"),
  });
});

test("an extension holds a hundred secrets", async () => {
  const store = await newStore();
  const secrets = Object.fromEntries(
    Array.from({ length: 100 }, (_, index) => [`KEY${index}`, "v"]),
  );
  await store.versions.publish({ ...publishOf("1"), create: true, secrets });
  await expect(
    store.secrets.set({ ...greet, name: "ONE_MORE", value: "v" }),
  ).rejects.toMatchObject({ code: "exhausted" });
  await store.secrets.set({ ...greet, name: "KEY7", value: "other" });
});

test("a secret may be called __proto__", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  await store.secrets.set({ ...greet, name: "__proto__", value: "v" });
  const state = await store.extensions.readState(greet);
  expect(Object.entries(state?.secrets ?? {})).toEqual([["__proto__", "v"]]);
});

test("a missing master key is named, and no new one is made", async () => {
  const folder = await folderWithSecret();
  const { masterKeyFile } = optionsIn(folder);
  rmSync(masterKeyFile);
  await expect(openStore(optionsIn(folder))).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringMatching(/master\.key is missing.*put the file back/),
  });
  expect(readdirSync(folder)).not.toContain("master.key");
});

test("another master key is refused by name, and the right one opens again", async () => {
  const folder = await folderWithSecret();
  const { masterKeyFile } = optionsIn(folder);
  const right = readFileSync(masterKeyFile);
  writeFileSync(masterKeyFile, Buffer.alloc(32, 7).toString("base64"));
  await expect(openStore(optionsIn(folder))).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringMatching(/holds key [0-9a-f]{16}.*put that key's/),
  });
  writeFileSync(masterKeyFile, right);
  const store = await storeIn(folder);
  const state = await store.extensions.readState(greet);
  expect(state?.secrets).toEqual({ KEY: secretValue });
});

test("a master key that others can read, or that is none, is refused", async () => {
  const folder = await folderWithSecret();
  const { masterKeyFile } = optionsIn(folder);
  chmodSync(masterKeyFile, 0o640);
  await expect(openStore(optionsIn(folder))).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("chmod 600"),
  });
  chmodSync(masterKeyFile, 0o600);
  writeFileSync(masterKeyFile, "hunter2");
  await expect(openStore(optionsIn(folder))).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("32 bytes in base64"),
  });
});

test("a master key that was there before a new database is used", async () => {
  const folder = temporaryFolder();
  const { masterKeyFile } = optionsIn(folder);
  const key = Buffer.alloc(32, 9).toString("base64");
  writeFileSync(masterKeyFile, key, { mode: 0o600 });
  await storeIn(folder);
  expect(readFileSync(masterKeyFile, "utf8")).toBe(key);
});
