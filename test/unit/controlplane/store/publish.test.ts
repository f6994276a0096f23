import SqliteFile from "better-sqlite3";
import { expect, test } from "vitest";
import {
  bundleOf,
  greet,
  newStore,
  optionsIn,
  publishAll,
  publishOf,
  revisionOf,
  storeIn,
  temporaryFolder,
} from "./fixture.ts";

test("a publish is read back as it was, also after opening again", async () => {
  const folder = temporaryFolder();
  const first = await storeIn(folder);
  await first.containers.create({ name: "acme" });
  await first.points.create({ name: "on-login" });
  const published = await first.versions.publish({
    ...publishOf("hello"),
    create: true,
    points: ["on-login"],
    meta: { color: "red", size: "1" },
    secrets: { KEY: "value" },
  });
  await first.close();

  const store = await storeIn(folder);
  expect(await store.extensions.get(greet)).toEqual(published.extension);
  expect(published.extension).toMatchObject({
    container: "acme",
    name: "greet",
    enabled: true,
    activeVersion: 1,
    newestVersion: 1,
    points: ["on-login"],
    meta: { color: "red", size: "1" },
    secretNames: ["KEY"],
  });
  const { digest, content, sourceMap } = bundleOf("hello");
  expect(await store.versions.get({ ...greet, number: 1 })).toEqual(
    published.version,
  );
  expect(published.version).toMatchObject({
    number: 1,
    digest,
    runtime: "2026.1",
    bundleBytes: 5,
    active: true,
  });
  expect(await store.versions.readBundle(digest)).toEqual({
    content,
    sourceMap,
  });
  expect(await store.versions.readSource({ ...greet, number: 1 })).toEqual({
    files: [{ path: "index.js", content: Buffer.from("hello") }],
    entry: "index.js",
  });
  expect(await store.extensions.readState(greet)).toEqual({
    ...greet,
    enabled: true,
    version: { number: 1, digest, runtime: "2026.1" },
    points: ["on-login"],
    secrets: { KEY: "value" },
    meta: { color: "red", size: "1" },
    quarantineReleases: 0,
  });
});

test("publishing what the newest version already is makes no new one, and activates it if asked", async () => {
  const store = await newStore();
  await store.versions.publish({
    ...publishOf("1"),
    create: true,
    activate: false,
  });
  const again = await store.versions.publish(publishOf("1"));
  expect(again.version).toMatchObject({ number: 1, active: true });
  const otherRuntime = { ...bundleOf("1"), runtime: "2027.1" };
  const other = await store.versions.publish({
    ...publishOf("1"),
    bundle: otherRuntime,
  });
  expect(other.version.number).toBe(2);
});

test("what an older version was becomes a new one", async () => {
  const store = await newStore();
  await publishAll(store, "1", "2", "1");
  const { items } = await store.versions.list(greet);
  expect(items.map(({ number }) => number)).toEqual([3, 2, 1]);
  expect(items[0]?.digest).toBe(items[2]?.digest);
});

test("a version that does not serve tells no host", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  const since = await store.changes.position();
  const { etag } = await store.extensions.get(greet);
  const { extension, version } = await store.versions.publish({
    ...publishOf("2"),
    activate: false,
  });
  expect(version).toMatchObject({ number: 2, active: false });
  expect(extension).toMatchObject({ activeVersion: 1, newestVersion: 2 });
  expect(extension.etag).not.toBe(etag);
  const { position, changes } = await store.changes.read(since);
  expect(position.revision).toBe(since.revision + 1);
  expect(changes).toEqual([]);
});

test("an extension without an active version has no state for hosts", async () => {
  const store = await newStore();
  await store.versions.publish({
    ...publishOf("1"),
    create: true,
    activate: false,
  });
  expect(await store.extensions.readState(greet)).toBeUndefined();
});

test("create is refused where the extension exists, its absence where it does not", async () => {
  const store = await newStore();
  await expect(store.versions.publish(publishOf("1"))).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining("publish it with create"),
  });
  await publishAll(store, "1");
  await expect(
    store.versions.publish({ ...publishOf("1"), create: true }),
  ).rejects.toMatchObject({ code: "already_exists" });
  await expect(
    store.versions.publish({
      ...publishOf("1"),
      container: "nobody",
      create: true,
    }),
  ).rejects.toMatchObject({ code: "not_found" });
});

test("an old etag is a conflict, everywhere", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  const { etag } = await store.extensions.get(greet);
  await store.versions.publish({ ...publishOf("2"), etag });
  const revision = await revisionOf(store);
  const conflict = { code: "conflict" };
  const { versions, extensions } = store;
  await expect(
    versions.publish({ ...publishOf("3"), etag }),
  ).rejects.toMatchObject(conflict);
  await expect(
    versions.activate({ ...greet, number: 1, etag }),
  ).rejects.toMatchObject(conflict);
  await expect(versions.rollBack({ ...greet, etag })).rejects.toMatchObject(
    conflict,
  );
  await expect(
    extensions.update({ ...greet, enabled: false, etag }),
  ).rejects.toMatchObject(conflict);
  await expect(extensions.delete({ ...greet, etag })).rejects.toMatchObject(
    conflict,
  );
  await expect(
    store.containers.delete({ name: "acme", etag }),
  ).rejects.toMatchObject(conflict);
  expect(await revisionOf(store)).toBe(revision);
});

test("validate_only answers as if and changes nothing", async () => {
  const store = await newStore();
  const before = await store.changes.read(undefined);
  const validateOnly = true;
  const { extension, version } = await store.versions.publish({
    ...publishOf("1"),
    create: true,
    points: ["on-login"],
    secrets: { KEY: "value" },
    validateOnly,
  });
  expect(extension).toMatchObject({ activeVersion: 1, points: ["on-login"] });
  expect(version.number).toBe(1);
  await store.containers.create({ name: "new", validateOnly });
  await store.containers.delete({ name: "acme", validateOnly });
  await store.points.delete({ name: "on-login", validateOnly });
  await expect(
    store.containers.create({ name: "acme", validateOnly }),
  ).rejects.toMatchObject({ code: "already_exists" });

  expect(await store.changes.read(undefined)).toEqual(before);
  expect((await store.extensions.list({ container: "acme" })).items).toEqual(
    [],
  );
  expect(await store.versions.readBundle(bundleOf("1").digest)).toBeUndefined();
  expect(await store.points.get("on-login")).toBeDefined();
  // Not even a number is used up.
  await publishAll(store, "1");
  expect((await store.extensions.get(greet)).newestVersion).toBe(1);
});

test("rolling back goes through the versions that served, and further each time", async () => {
  const store = await newStore();
  await publishAll(store, "1", "2", "3");
  const rollBack = async () =>
    (await store.versions.rollBack(greet)).activeVersion;
  expect(await rollBack()).toBe(2);
  expect(await rollBack()).toBe(1);
  await expect(rollBack()).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining("no version served before version 1"),
  });
  await store.versions.activate({ ...greet, number: 3 });
  expect(await rollBack()).toBe(1);
});

test("a version that never served is not rolled back to", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  await store.versions.publish({ ...publishOf("2"), activate: false });
  await store.versions.publish(publishOf("3"));
  const { activeVersion } = await store.versions.rollBack(greet);
  expect(activeVersion).toBe(1);
});

test("an extension can be rolled back a hundred times, not without end", async () => {
  const store = await newStore();
  await publishAll(store, "1", "2");
  for (let number = 3; number <= 130; number++)
    await store.versions.activate({ ...greet, number: (number % 2) + 1 });
  let steps = 0;
  while (await store.versions.rollBack(greet).catch(() => undefined)) steps++;
  expect(steps).toBe(99);
});

test("activating what is not there says so", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  await expect(
    store.versions.activate({ ...greet, number: 9 }),
  ).rejects.toMatchObject({
    code: "not_found",
    message: 'extension "greet" of container "acme" has no version 9',
  });
});

test("a number never means two versions, also where everything was deleted in between", async () => {
  const store = await newStore();
  await publishAll(store, "1", "2");
  await store.extensions.delete(greet);
  await publishAll(store, "1");
  expect((await store.extensions.get(greet)).newestVersion).toBe(3);
  await store.containers.delete({ name: "acme" });
  await store.containers.create({ name: "acme" });
  await publishAll(store, "1");
  expect((await store.extensions.get(greet)).newestVersion).toBe(4);
});

test("bundles and sources stay while a version has them and go with the last", async () => {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  await store.containers.create({ name: "acme" });
  await publishAll(store, "same", "other");
  await store.versions.publish({
    ...publishOf("same"),
    extension: "twin",
    create: true,
  });
  const { digest } = bundleOf("same");
  await store.extensions.delete(greet);
  expect(await store.versions.readBundle(digest)).toBeDefined();
  expect(
    await store.versions.readBundle(bundleOf("other").digest),
  ).toBeUndefined();
  const twin = { container: "acme", extension: "twin", number: 1 };
  expect((await store.versions.readSource(twin)).files).toHaveLength(1);
  await store.containers.delete({ name: "acme" });
  await store.close();

  const file = new SqliteFile(optionsIn(folder).file, { readonly: true });
  const left = ["bundles", "versions", "source_contents", "source_files"].map(
    (table) => file.prepare(`select count(*) from ${table}`).pluck().get(),
  );
  file.close();
  expect(left).toEqual([0, 0, 0, 0]);
});

test("a folder of thousands of files is stored whole, and shared with the next version", async () => {
  const store = await newStore();
  const files = Array.from({ length: 2500 }, (_, index) => ({
    path: `node_modules/m/${String(index).padStart(4, "0")}.js`,
    content: Buffer.from(`file ${index}`),
  }));
  await store.versions.publish({ ...publishOf("1"), files, create: true });
  await store.versions.publish({ ...publishOf("2"), files });
  const { files: read } = await store.versions.readSource({
    ...greet,
    number: 2,
  });
  expect(read).toEqual(files);
});

test("one path twice, and a digest that is not the content's, are refused", async () => {
  const store = await newStore();
  const file = { path: "index.js", content: Buffer.from("1") };
  await expect(
    store.versions.publish({
      ...publishOf("1"),
      create: true,
      files: [file, file],
    }),
  ).rejects.toMatchObject({ code: "invalid" });
  const bundle = { ...bundleOf("1"), content: Buffer.from("2") };
  await expect(
    store.versions.publish({ ...publishOf("1"), create: true, bundle }),
  ).rejects.toThrow("digest");
});

test("update sets what is given and leaves the rest", async () => {
  const store = await newStore();
  await store.versions.publish({
    ...publishOf("1"),
    create: true,
    meta: { color: "red" },
  });
  const disabled = await store.extensions.update({ ...greet, enabled: false });
  expect(disabled).toMatchObject({ enabled: false, meta: { color: "red" } });
  const repainted = await store.extensions.update({
    ...greet,
    meta: { size: "1" },
  });
  expect(repainted).toMatchObject({ enabled: false, meta: { size: "1" } });
  const added = await store.versions.publish({
    ...publishOf("2"),
    meta: { color: "blue" },
  });
  expect(added.extension.meta).toEqual({ size: "1", color: "blue" });
  expect(added.extension.enabled).toBe(false);
});
