import SqliteFile from "better-sqlite3";
import { expect, test, vi } from "vitest";
import { noPointLimits } from "../../../../controlplane/domain/limits.ts";
import {
  greet,
  newStore,
  optionsIn,
  publishAll,
  publishOf,
  revisionOf,
  storeIn,
  temporaryFolder,
} from "./fixture.ts";

test("a transaction is one revision, whatever it changes", async () => {
  const store = await newStore();
  const before = await revisionOf(store);
  await store.versions.publish({
    ...publishOf("1"),
    create: true,
    points: ["on-login"],
    meta: { color: "red" },
    secrets: { KEY: "value" },
  });
  expect(await revisionOf(store)).toBe(before + 1);
  await store.containers.delete({ name: "acme" });
  expect(await revisionOf(store)).toBe(before + 2);
});

test("what changes nothing is no revision and tells nobody", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  await store.points.bind({ ...greet, point: "on-login" });
  await store.secrets.set({ ...greet, name: "KEY", value: "value" });
  await store.tokens.revoke({ jti: "t1", expiresAtS: 0 });
  const before = await store.extensions.get(greet);
  const revision = await revisionOf(store);
  const listener = vi.fn<() => void>();
  store.changes.onChange(listener);

  await store.versions.publish(publishOf("1"));
  await store.versions.activate({ ...greet, number: 1 });
  await store.extensions.update({ ...greet, enabled: true, meta: {} });
  await store.points.bind({ ...greet, point: "on-login" });
  await store.secrets.set({ ...greet, name: "KEY", value: "value" });
  await store.tokens.revoke({ jti: "t1", expiresAtS: 0 });
  await store.containers.update({ name: "acme", labels: {}, trustGroup: "" });
  await store.points.update({ name: "on-login", limits: noPointLimits });
  await store.egress.update({ internalHosts: [], deny: [], proxies: [] });
  await store.changes.compact(0);

  expect(await revisionOf(store)).toBe(revision);
  expect(await store.extensions.get(greet)).toEqual(before);
  expect(listener).not.toHaveBeenCalled();
});

test("a new store names its keys, its revocations and its egress", async () => {
  const store = await newStore();
  expect(await store.changes.allNames()).toEqual([
    "egress",
    "keys",
    "revocations",
    "container/acme",
    "point/on-login",
  ]);
});

test("names what changed after a position, each once, with its latest revision", async () => {
  const store = await newStore();
  const since = await store.changes.position();
  await publishAll(store, "1", "2", "3");
  await store.tokens.rotateSigningKey();
  const { position, resync, changes } = await store.changes.read(since);
  expect(resync).toBe(false);
  expect(position.revision).toBe(since.revision + 4);
  expect(changes).toEqual([
    {
      name: "extension/acme/greet",
      resource: { kind: "extension", ...greet },
      revision: since.revision + 3,
      removed: false,
      traceparent: undefined,
    },
    expect.objectContaining({ name: "keys", revision: since.revision + 4 }),
  ]);
  expect((await store.changes.read(position)).changes).toEqual([]);
});

test("names a removed container and each of its extensions as removed", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  const since = await store.changes.position();
  await store.containers.delete({ name: "acme" });
  const { changes } = await store.changes.read(since);
  expect(changes.map(({ name, removed }) => [name, removed])).toEqual([
    ["container/acme", true],
    ["extension/acme/greet", true],
  ]);
  expect(await store.changes.allNames()).toEqual([
    "egress",
    "keys",
    "revocations",
    "point/on-login",
  ]);
});

test("what is created again under a removed name is no longer removed", async () => {
  const store = await newStore();
  const since = await store.changes.position();
  await store.containers.delete({ name: "acme" });
  await store.containers.create({ name: "acme" });
  const { changes } = await store.changes.read(since);
  expect(changes).toEqual([
    expect.objectContaining({ name: "container/acme", removed: false }),
  ]);
});

test("gives everything to a host of another history, of no history, and of one ahead of ours", async () => {
  const store = await newStore();
  await store.containers.create({ name: "gone" });
  await store.containers.delete({ name: "gone" });
  const position = await store.changes.position();
  const strangers = [
    undefined,
    { ...position, historyId: "another" },
    { ...position, revision: position.revision + 1 },
  ];
  for (const since of strangers) {
    const { resync, changes } = await store.changes.read(since);
    expect(resync).toBe(true);
    expect(changes.map(({ name }) => name)).toEqual([
      "egress",
      "keys",
      "revocations",
      "container/acme",
      "point/on-login",
    ]);
  }
});

test("compacting forgets removed names, and hosts behind it resync", async () => {
  const store = await newStore();
  const early = await store.changes.position();
  await store.containers.create({ name: "gone" });
  await store.containers.delete({ name: "gone" });
  const removed = await store.changes.position();
  await store.containers.create({ name: "late" });
  await store.containers.delete({ name: "late" });

  await store.changes.compact(removed.revision);

  expect((await store.changes.read(early)).resync).toBe(true);
  const { resync, changes } = await store.changes.read(removed);
  expect(resync).toBe(false);
  expect(changes).toEqual([
    expect.objectContaining({ name: "container/late", removed: true }),
  ]);
});

test("compacting leaves no trace of what was removed up to there", async () => {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  for (const name of ["gone", "gone-too", "late"])
    await store.containers.create({ name });
  await store.containers.delete({ name: "gone" });
  await store.containers.delete({ name: "gone-too" });
  await store.changes.compact(await revisionOf(store));
  await store.containers.delete({ name: "late" });
  const file = new SqliteFile(optionsIn(folder).file, { readonly: true });
  const names = file.prepare("select name from changes order by name");
  expect(names.pluck().all()).toEqual([
    "container/late",
    "egress",
    "keys",
    "revocations",
  ]);
  file.close();
});

test("compacting beyond the present does not cut off hosts that are up to date", async () => {
  const store = await newStore();
  const position = await store.changes.position();
  await store.changes.compact(position.revision + 1000);
  expect((await store.changes.read(position)).resync).toBe(false);
  await store.containers.create({ name: "next" });
  const { resync, changes } = await store.changes.read(position);
  expect(resync).toBe(false);
  expect(changes.map(({ name }) => name)).toEqual(["container/next"]);
});

test("a filter leaves out other containers and keeps the position", async () => {
  const store = await newStore();
  await store.containers.create({ name: "other" });
  const { position, changes } = await store.changes.read(
    undefined,
    (resource) => !("container" in resource) || resource.container === "acme",
  );
  expect(changes.map(({ name }) => name)).toEqual([
    "egress",
    "keys",
    "revocations",
    "container/acme",
    "point/on-login",
  ]);
  expect(position).toEqual(await store.changes.position());
});

test("a change carries the trace context of the transaction that made it last", async () => {
  const store = await newStore();
  const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
  const since = await store.changes.position();
  await store.versions.publish({
    ...publishOf("1"),
    create: true,
    traceparent,
  });
  const traced = await store.changes.read(since);
  expect(traced.changes[0]?.traceparent).toBe(traceparent);
  await store.extensions.update({ ...greet, enabled: false });
  const untraced = await store.changes.read(since);
  expect(untraced.changes[0]?.traceparent).toBeUndefined();
});

test("a listener hears of a change after it can be read, and not after it has left", async () => {
  const store = await newStore();
  const seen: Promise<number>[] = [];
  const leave = store.changes.onChange(() => seen.push(revisionOf(store)));
  await store.containers.create({ name: "one" });
  const revision = await revisionOf(store);
  expect(await Promise.all(seen)).toEqual([revision]);
  leave();
  await store.containers.create({ name: "two" });
  expect(seen).toHaveLength(1);
});

test("a refused change leaves nothing behind and tells nobody", async () => {
  const store = await newStore();
  const before = await store.changes.read(undefined);
  const listener = vi.fn<() => void>();
  store.changes.onChange(listener);
  // The last step fails, after extension and version were written.
  await expect(
    store.versions.publish({
      ...publishOf("1"),
      create: true,
      secrets: { KEY: "x".repeat(17_000) },
    }),
  ).rejects.toMatchObject({ code: "invalid" });
  expect(await store.changes.read(undefined)).toEqual(before);
  await expect(store.extensions.get(greet)).rejects.toMatchObject({
    code: "not_found",
  });
  expect(listener).not.toHaveBeenCalled();
});

test("a closed store says so, and closes twice", async () => {
  const store = await newStore();
  const creating = store.containers.create({ name: "in-time" });
  const closing = store.close();
  await expect(store.containers.get("acme")).rejects.toMatchObject({
    code: "unavailable",
  });
  await closing;
  await store.close();
  expect(await creating).toMatchObject({ name: "in-time" });
});
