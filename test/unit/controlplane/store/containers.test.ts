import { expect, test } from "vitest";
import type {
  Page,
  PageRequest,
} from "../../../../controlplane/domain/page.ts";
import { noContainerLimits } from "../../../../controlplane/domain/limits.ts";
import { greet, newStore, publishAll, publishOf } from "./fixture.ts";

/** Every page of a list, as names. */
async function pagesOf<Item>(
  list: (request: PageRequest) => Promise<Page<Item>>,
  nameOf: (item: Item) => string | number,
): Promise<(string | number)[][]> {
  const pages: (string | number)[][] = [];
  let pageToken = "";
  do {
    const page = await list({ pageSize: 2, pageToken });
    pages.push(page.items.map(nameOf));
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return pages;
}

test("a container is created once", async () => {
  const store = await newStore();
  const acme = await store.containers.get("acme");
  expect(acme).toMatchObject({ name: "acme", createdAtMs: 1_800_000_000_000 });
  await expect(store.containers.create({ name: "acme" })).rejects.toMatchObject(
    { code: "already_exists" },
  );
  await expect(store.containers.get("nobody")).rejects.toMatchObject({
    code: "not_found",
    message: 'there is no container "nobody": create it first',
  });
  await expect(
    store.containers.create({ name: "Not Good" }),
  ).rejects.toMatchObject({ code: "invalid" });
});

test("a deleted container takes everything of its own along and nothing of others", async () => {
  const store = await newStore();
  await store.containers.create({ name: "other" });
  const elsewhere = { container: "other", extension: "greet" };
  await publishAll(store, "1", "2");
  await store.versions.publish({
    ...publishOf("1"),
    ...elsewhere,
    create: true,
    points: ["on-login"],
    secrets: { KEY: "value" },
  });
  const before = await store.extensions.readState(elsewhere);
  await store.versions.publish({ ...publishOf("2"), points: ["on-login"] });
  const { etag } = await store.containers.get("acme");

  await store.containers.delete({ name: "acme", etag });

  await expect(store.extensions.get(greet)).rejects.toMatchObject({
    code: "not_found",
  });
  await expect(
    store.extensions.list({ container: "acme" }),
  ).rejects.toMatchObject({ code: "not_found" });
  expect(await store.extensions.readState(elsewhere)).toEqual(before);
  await store.containers.create({ name: "acme" });
  expect((await store.extensions.list({ container: "acme" })).items).toEqual(
    [],
  );
  expect(await store.points.listBindings("acme")).toEqual([]);
});

test("every list comes in pages, in order, whole", async () => {
  const store = await newStore();
  for (const name of ["delta", "bravo", "charlie"])
    await store.containers.create({ name });
  expect(
    await pagesOf(
      (request) => store.containers.list(request),
      ({ name }) => name,
    ),
  ).toEqual([
    ["acme", "bravo"],
    ["charlie", "delta"],
  ]);
  await publishAll(store, "1", "2", "3");
  expect(
    await pagesOf(
      (request) => store.versions.list({ ...greet, ...request }),
      ({ number }) => number,
    ),
  ).toEqual([[3, 2], [1]]);
  for (const extension of ["~", "Z"].map((end) => `a${end}`))
    await store.versions.publish({
      ...publishOf("1"),
      extension,
      create: true,
    });
  expect(
    await pagesOf(
      (request) => store.extensions.list({ container: "acme", ...request }),
      ({ name }) => name,
    ),
  ).toEqual([["aZ", "a~"], ["greet"]]);
});

test("a page goes on after a name that was deleted meanwhile", async () => {
  const store = await newStore();
  await store.containers.create({ name: "bravo" });
  const { nextPageToken } = await store.containers.list({ pageSize: 1 });
  await store.containers.delete({ name: "acme" });
  const { items } = await store.containers.list({ pageToken: nextPageToken });
  expect(items.map(({ name }) => name)).toEqual(["bravo"]);
});

test("page sizes and tokens that are none are refused", async () => {
  const store = await newStore();
  const requests = [
    { pageSize: -1 },
    { pageSize: 1001 },
    { pageSize: 1.5 },
    { pageToken: "not a token" },
  ];
  for (const request of requests)
    await expect(store.containers.list(request)).rejects.toMatchObject({
      code: "invalid",
    });
  await publishAll(store, "1");
  const foreign = await store.containers.list({ pageSize: 1 });
  expect(foreign.nextPageToken).toBe("");
  await expect(
    store.versions.list({
      ...greet,
      pageToken: Buffer.from("acme").toString("base64url"),
    }),
  ).rejects.toMatchObject({ code: "invalid" });
});

test("a container's settings are changed one by one, each change a revision that hosts are told of", async () => {
  const store = await newStore();
  await store.containers.create({
    name: "other",
    labels: { plan: "free" },
    trustGroup: "ours",
    limits: { ...noContainerLimits, cpuMs: 50 },
    egress: { allow: ["API.example.com"], deny: [] },
  });
  const created = await store.containers.get("other");
  expect(created).toMatchObject({
    labels: { plan: "free" },
    trustGroup: "ours",
    limits: { ...noContainerLimits, cpuMs: 50 },
    egress: { allow: ["api.example.com"], deny: [] },
  });
  const since = await store.changes.position();
  const limited = await store.containers.update({
    name: "other",
    limits: { ...noContainerLimits, heapMb: 64 },
    etag: created.etag,
  });
  expect(limited).toEqual({
    ...created,
    limits: { ...noContainerLimits, heapMb: 64 },
    etag: expect.not.stringMatching(created.etag),
  });
  await store.containers.update({ name: "other", trustGroup: "", labels: {} });
  const after = await store.containers.update({
    name: "other",
    egress: { allow: [], deny: ["10.0.0.0/8"] },
  });
  expect(after).toMatchObject({
    labels: {},
    trustGroup: "",
    limits: { heapMb: 64, cpuMs: 0 },
    egress: { allow: [], deny: ["10.0.0.0/8"] },
  });
  const { position, changes } = await store.changes.read(since);
  expect(position.revision).toBe(since.revision + 3);
  expect(changes.map(({ name }) => name)).toEqual(["container/other"]);
});

test("what is as it was is no change, whatever its order and spelling", async () => {
  const store = await newStore();
  const settings = {
    labels: { a: "1", b: "2" },
    egress: { allow: ["a.example"], deny: [] },
  };
  await store.containers.update({ name: "acme", ...settings });
  const before = await store.changes.position();
  await store.containers.update({
    name: "acme",
    labels: { b: "2", a: "1" },
    egress: { allow: ["A.EXAMPLE", "a.example"], deny: [] },
    limits: noContainerLimits,
  });
  expect(await store.changes.position()).toEqual(before);
});

test("an update that is refused, or only tried, changes nothing", async () => {
  const store = await newStore();
  const before = await store.containers.get("acme");
  const refused = [
    { etag: "another", trustGroup: "ours" },
    { trustGroup: "Not Good" },
    { labels: { "not good": "" } },
    { limits: { ...noContainerLimits, cpuMs: 300_001 } },
    { egress: { allow: ["*"], deny: [] } },
  ];
  for (const change of refused)
    await expect(
      store.containers.update({ name: "acme", ...change }),
    ).rejects.toMatchObject({
      code: expect.stringMatching(/^(invalid|conflict)$/),
    });
  const dry = { name: "acme", trustGroup: "ours", validateOnly: true };
  expect(await store.containers.update(dry)).toMatchObject({
    trustGroup: "ours",
  });
  expect(await store.containers.get("acme")).toEqual(before);
  await expect(
    store.containers.update({ name: "nobody" }),
  ).rejects.toMatchObject({ code: "not_found" });
});
