import { expect, test } from "vitest";
import type {
  Page,
  PageRequest,
} from "../../../../controlplane/domain/page.ts";
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
