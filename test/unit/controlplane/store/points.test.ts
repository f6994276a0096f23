import { expect, test } from "vitest";
import { greet, newStore, publishAll, publishOf } from "./fixture.ts";

const point = "on-login";

test("an extension is bound, replaced and unbound, and hosts are told of both", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  await store.versions.publish({
    ...publishOf("1"),
    extension: "rival",
    create: true,
  });
  await store.points.bind({ ...greet, point });
  const rival = { container: "acme", extension: "rival", point };
  await expect(store.points.bind(rival)).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining('"greet" is bound'),
  });
  const since = await store.changes.position();
  expect(await store.points.bind({ ...rival, replace: true })).toEqual(rival);
  expect(await store.points.listBindings("acme")).toEqual([rival]);
  const { changes } = await store.changes.read(since);
  expect(changes.map(({ name }) => name)).toEqual([
    "extension/acme/greet",
    "extension/acme/rival",
  ]);
  expect((await store.extensions.get(greet)).points).toEqual([]);
  await store.points.unbind({ container: "acme", point });
  expect((await store.extensions.get(rival)).points).toEqual([]);
  await expect(
    store.points.unbind({ container: "acme", point }),
  ).rejects.toMatchObject({ code: "not_found" });
});

test("publishing does not take another extension's place at a point", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  await store.points.bind({ ...greet, point });
  await expect(
    store.versions.publish({
      ...publishOf("1"),
      extension: "rival",
      create: true,
      points: [point],
    }),
  ).rejects.toMatchObject({ code: "precondition" });
});

test("every container has its own binding at a point", async () => {
  const store = await newStore();
  await store.containers.create({ name: "other" });
  await publishAll(store, "1");
  await store.versions.publish({
    ...publishOf("1"),
    container: "other",
    create: true,
    points: [point],
  });
  await store.points.bind({ ...greet, point });
  expect(await store.points.listBindings("acme")).toHaveLength(1);
  expect(await store.points.listBindings("other")).toHaveLength(1);
});

test("a point cannot go while something is bound there", async () => {
  const store = await newStore();
  await publishAll(store, "1");
  await store.points.bind({ ...greet, point });
  await expect(store.points.delete({ name: point })).rejects.toMatchObject({
    code: "precondition",
    message: expect.stringContaining('"greet" of container "acme"'),
  });
  await store.extensions.delete(greet);
  await store.points.delete({ name: point });
  expect((await store.points.list({})).items).toEqual([]);
});

test("what is not there cannot be bound", async () => {
  const store = await newStore();
  await expect(store.points.bind({ ...greet, point })).rejects.toMatchObject({
    code: "not_found",
  });
  await publishAll(store, "1");
  await expect(
    store.points.bind({ ...greet, point: "no-such" }),
  ).rejects.toMatchObject({
    code: "not_found",
    message: expect.stringContaining('"no-such"'),
  });
});

test("a point is created once", async () => {
  const store = await newStore();
  await expect(store.points.create({ name: point })).rejects.toMatchObject({
    code: "already_exists",
  });
  await expect(store.points.create({ name: "-" })).rejects.toMatchObject({
    code: "invalid",
  });
  expect(await store.points.get(point)).toMatchObject({ name: point });
});

test("a point's limits are replaced, and hosts are told of it coming, changing and going", async () => {
  const store = await newStore();
  const limits = { cpuMs: 10, syncMs: 20, wallMs: 30 };
  const told = async () => {
    const { changes } = await store.changes.read(since);
    since = await store.changes.position();
    return changes.map(({ name, removed }) => [name, removed]);
  };
  let since = await store.changes.position();
  const created = await store.points.create({ name: "on-logout", limits });
  expect(created.limits).toEqual(limits);
  expect(await told()).toEqual([["point/on-logout", false]]);

  const { etag } = await store.points.update({
    name: "on-logout",
    limits: { ...limits, cpuMs: 0 },
    etag: created.etag,
  });
  expect(etag).not.toBe(created.etag);
  expect(await store.points.get("on-logout")).toMatchObject({
    limits: { cpuMs: 0, syncMs: 20, wallMs: 30 },
  });
  expect(await told()).toEqual([["point/on-logout", false]]);
  await expect(
    store.points.update({ name: "on-logout", limits, etag: created.etag }),
  ).rejects.toMatchObject({ code: "conflict" });
  await expect(
    store.points.update({
      name: "on-logout",
      limits: { ...limits, wallMs: 300_001 },
    }),
  ).rejects.toMatchObject({ code: "invalid" });
  expect(await told()).toEqual([]);

  await store.points.delete({ name: "on-logout" });
  expect(await told()).toEqual([["point/on-logout", true]]);
});
