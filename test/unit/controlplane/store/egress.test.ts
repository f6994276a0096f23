import SqliteFile from "better-sqlite3";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  newStore,
  optionsIn,
  revisionOf,
  storeIn,
  temporaryFolder,
} from "./fixture.ts";

const password = "correct horse battery staple";

const office = {
  name: "office",
  url: "http://proxy.example.com:3128",
  username: "annex",
  password,
  containers: ["acme"],
  labels: { plan: "enterprise", area: "eu" },
  addresses: ["192.0.2.7"],
};

const { password: _, ...told } = office;

function egressOf(...proxies: (typeof office)[]) {
  return {
    internalHosts: ["db.internal:5432"],
    deny: ["*.example.net"],
    proxies,
  };
}

test("the platform's egress is read back without passwords, and told to hosts with them", async () => {
  const store = await newStore();
  const updated = await store.egress.update(egressOf(office));
  expect(updated).toEqual({
    ...egressOf(),
    proxies: [told],
    etag: expect.stringMatching(/./),
  });
  expect(await store.egress.get()).toEqual(updated);
  expect(await store.egress.readState()).toEqual(egressOf(office));
});

test("proxies keep their order", async () => {
  const store = await newStore();
  const names = ["zulu", "alpha", "mike"];
  const proxies = names.map((name) => ({ ...office, name }));
  await store.egress.update(egressOf(...proxies));
  const { proxies: read } = await store.egress.get();
  expect(read.map(({ name }) => name)).toEqual(names);
  await store.egress.update(egressOf(...proxies.toReversed()));
  const reversed = await store.egress.readState();
  expect(reversed.proxies).toEqual(proxies.toReversed());
});

test("no file of the store holds a password in the clear", async () => {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  await store.egress.update(egressOf(office));
  await store.egress.update(egressOf({ ...office, password: `${password}2` }));
  await store.backupTo(join(folder, "backup.db"));
  const read = () =>
    readdirSync(folder).map((name) =>
      readFileSync(join(folder, name)).toString("latin1"),
    );
  for (const text of read()) expect(text).not.toContain("battery");
  await store.close();
  const texts = read();
  expect(texts.join("")).toContain("proxy.example.com");
  for (const text of texts) expect(text).not.toContain("battery");
});

test("a password stays where none is given, also after opening again", async () => {
  const folder = temporaryFolder();
  const before = await storeIn(folder);
  await before.egress.update(egressOf(office));
  const revision = await revisionOf(before);
  await before.egress.update(egressOf({ ...office, password: "" }));
  // Which is what it was.
  expect(await revisionOf(before)).toBe(revision);
  await before.egress.update(
    egressOf({ ...office, password: "", username: "other" }),
  );
  await before.close();
  const store = await storeIn(folder);
  expect((await store.egress.readState()).proxies).toEqual([
    { ...office, username: "other" },
  ]);
});

test("a password goes to no other URL and to no other proxy", async () => {
  const store = await newStore();
  await store.egress.update(egressOf(office));
  const elsewhere = { ...office, password: "", url: "http://evil.example:1" };
  await expect(store.egress.update(egressOf(elsewhere))).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining("give its password again"),
  });
  const renamed = { ...office, password: "", name: "other" };
  await store.egress.update(egressOf(renamed));
  expect((await store.egress.readState()).proxies).toEqual([renamed]);
});

test("a sealed password put at another URL does not open", async () => {
  const folder = temporaryFolder();
  const before = await storeIn(folder);
  await before.egress.update(egressOf(office));
  await before.close();
  const file = new SqliteFile(optionsIn(folder).file);
  file.exec("update egress_proxies set url = 'http://evil.example:1'");
  file.close();
  const store = await storeIn(folder);
  await expect(store.egress.readState()).rejects.toMatchObject({
    code: "internal",
  });
});

test("a password goes with its username", async () => {
  const store = await newStore();
  await store.egress.update(egressOf(office));
  const open = { ...office, username: "", password: "" };
  await store.egress.update(egressOf(open));
  await store.egress.update(egressOf({ ...open, username: "annex" }));
  expect((await store.egress.readState()).proxies[0]?.password).toBe("");
});

test("an update is one revision, marks egress once, and checks the etag", async () => {
  const store = await newStore();
  const { etag } = await store.egress.get();
  const since = await store.changes.position();
  await store.egress.update({ ...egressOf(office), etag });
  const { position, changes } = await store.changes.read(since);
  expect(position.revision).toBe(since.revision + 1);
  expect(changes.map(({ name }) => name)).toEqual(["egress"]);
  await expect(
    store.egress.update({ ...egressOf(), etag }),
  ).rejects.toMatchObject({ code: "conflict" });
  const dry = await store.egress.update({ ...egressOf(), validateOnly: true });
  expect(dry.proxies).toEqual([]);
  expect(await revisionOf(store)).toBe(position.revision);
  expect((await store.egress.get()).proxies).toEqual([told]);
});

test("a new store's egress has an etag, and rules that are none are refused", async () => {
  const store = await newStore();
  expect((await store.egress.get()).etag).not.toBe("");
  await expect(
    store.egress.update({ ...egressOf(), internalHosts: ["not a rule"] }),
  ).rejects.toMatchObject({
    code: "invalid",
    message: expect.stringContaining('internal_hosts: "not a rule" is not'),
  });
});
