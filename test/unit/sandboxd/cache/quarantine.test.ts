import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { OpenCatalog } from "../../../../sandboxd/cache/catalog.ts";
import { FaultyFiles } from "./faulty-files.ts";
import {
  digestOf,
  openIn,
  position,
  publish,
  quarantine,
  temporaryFolder,
} from "./support.ts";

const message = "it ended 5 executors";

test("remembers the version that served before, over new secrets and a restart", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  const first = await publish(before, { code: "one", number: 1 });
  expect(before.extension("acme", "hello")?.lastGood).toBeUndefined();
  const second = { code: "two", number: 2 };
  await publish(before, second);
  await publish(before, { ...second, secrets: { KEY: "new" } });
  for (const catalog of [before, await openIn(folder)])
    expect(catalog.extension("acme", "hello")).toMatchObject({
      version: { number: 2 },
      secrets: { KEY: "new" },
      lastGood: first.version,
    });
  await publish(before, { code: "three", number: 3 });
  for (const catalog of [before, await openIn(folder)])
    expect(lastGoodOf(catalog)).toBe(2);
  await publish(before, { code: "one", number: 1 });
  expect(lastGoodOf(before)).toBe(3);
});

test("keeps the bundle of the last good version, and of no version before it", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  for (const [index, code] of ["one", "two", "three"].entries())
    await publish(catalog, { code, number: index + 1 });
  await catalog.collectBundles();
  const kept = [digestOf("three"), digestOf("two")].toSorted();
  expect((await readdir(join(folder, "bundles"))).toSorted()).toEqual(kept);
  await openIn(folder);
  expect((await readdir(join(folder, "bundles"))).toSorted()).toEqual(kept);
});

test("lets the last good version stand in for a quarantined one, at once and after a restart", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  await publish(before, { code: "one", number: 1, points: ["login"] });
  const two = { code: "two", number: 2, points: ["login"] };
  const bad = await publish(before, { ...two, secrets: { KEY: "new" } });
  const written = quarantine(before, bad);
  expect(before.bound("acme", "login")?.quarantine).toBeDefined(); // before the disk knows
  await written;
  for (const catalog of [before, await openIn(folder)]) {
    for (const serving of [
      catalog.extension("acme", "hello"),
      catalog.bound("acme", "login"),
    ])
      expect(serving).toMatchObject({
        version: { number: 2 },
        quarantine: {
          message,
          standIn: {
            version: { number: 1, digest: digestOf("one") },
            secrets: { KEY: "new" },
          },
        },
      });
    expect(catalog.held()).toEqual([
      {
        container: "acme",
        extension: "hello",
        version: 2,
        quarantine: message,
      },
    ]);
  }
});

test("makes no quarantined version the last good one", async () => {
  const catalog = await openIn(await temporaryFolder());
  await publish(catalog, { code: "one", number: 1 });
  const bad = await publish(catalog, { code: "two", number: 2 });
  await quarantine(catalog, bad);
  await publish(catalog, { code: "three", number: 3 });
  expect(catalog.extension("acme", "hello")?.quarantine).toBeUndefined();
  expect(lastGoodOf(catalog)).toBe(1);
});

test("keeps a version quarantined that serves again, and lets what served until then stand in", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  const bad = await publish(before, { code: "one", number: 1 });
  await quarantine(before, bad);
  expect(standInOf(before)).toBeUndefined();
  await publish(before, { code: "two", number: 2 });
  await publish(before, { code: "one", number: 1 });
  for (const catalog of [before, await openIn(folder)])
    expect(standInOf(catalog)).toBe(2);
});

test("lets nothing stand in that is quarantined itself, until it is released", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  const one = await publish(catalog, { code: "one", number: 1 });
  const two = await publish(catalog, { code: "two", number: 2 });
  await quarantine(catalog, two);
  await quarantine(catalog, one);
  for (const each of [catalog, await openIn(folder)]) {
    expect(each.extension("acme", "hello")?.quarantine).toEqual({ message });
    expect(each.quarantines("acme", "hello")).toHaveLength(2);
  }
  await catalog.removeQuarantined("acme", "hello", one.version.digest);
  expect(standInOf(catalog)).toBe(1);
  await catalog.removeQuarantined("acme", "hello", two.version.digest);
  for (const each of [catalog, await openIn(folder)]) {
    expect(each.extension("acme", "hello")?.quarantine).toBeUndefined();
    expect(each.quarantines("acme", "hello")).toEqual([]);
  }
  expect(await readdir(join(folder, "quarantined"))).toEqual([]);
});

test("forgets with an extension what of it was quarantined", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  const bad = await publish(before);
  await quarantine(before, bad);
  await before.removeExtension("acme", "hello");
  expect(await readdir(join(folder, "quarantined"))).toEqual([]);
  for (const catalog of [before, await openIn(folder)]) {
    await publish(catalog);
    expect(catalog.extension("acme", "hello")?.quarantine).toBeUndefined();
  }
});

test("bounds how many versions of an extension it keeps quarantined, and keeps the one that serves", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  const serving = await publish(catalog, { code: "0", number: 1 });
  await quarantine(catalog, serving);
  for (let number = 2; number <= 30; number++) {
    const version = {
      ...serving.version,
      number,
      digest: digestOf(`${number}`),
    };
    await quarantine(catalog, { ...serving, version });
  }
  const kept = [1, 24, 25, 26, 27, 28, 29, 30];
  expect(quarantinesOf(catalog)).toEqual(kept);
  expect(quarantinesOf(await openIn(folder))).toEqual(kept);
});

test("runs nothing in place of a quarantined version whose last good one is lost", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  const one = await publish(before, { code: "one", number: 1 });
  const two = await publish(before, { code: "two", number: 2 });
  await before.setPosition(position);
  await quarantine(before, two);

  await rm(join(folder, "bundles", one.version.digest));
  const after = await openIn(folder);
  expect(after.extension("acme", "hello")?.quarantine).toEqual({ message });

  await expect(before.readBundle(one.version.digest)).rejects.toThrow(
    "damaged",
  );
  expect(before.extension("acme", "hello")?.quarantine).toEqual({ message });
  await before.setPosition(position); // behind the one that asks for everything again
});

test("quarantines in memory while the disk is full, and brings it to the disk as soon as it can", async () => {
  const folder = await temporaryFolder();
  const faulty = new FaultyFiles();
  const catalog = await openIn(folder, { files: faulty.files });
  await publish(catalog, { code: "one", number: 1 });
  const bad = await publish(catalog, { code: "two", number: 2 });
  await catalog.setPosition(position);
  faulty.failAfter(0);
  await expect(quarantine(catalog, bad)).rejects.toMatchObject({
    code: "unavailable",
  });
  expect(standInOf(catalog)).toBe(1);
  expect(catalog.status().degraded).toContain("ENOSPC");
  const later = { ...position, revision: 8n };
  await expect(catalog.setPosition(later)).rejects.toThrow("ENOSPC");
  expect(standInOf(await openIn(folder))).toBeUndefined();

  faulty.heal();
  await catalog.setPosition(later); // the control plane does not know it, and does not tell it again
  expect(catalog.status().degraded).toBeUndefined();
  expect(standInOf(await openIn(folder))).toBe(1);
});

test("has released after a restart what could not be removed from the disk at first", async () => {
  const folder = await temporaryFolder();
  const faulty = new FaultyFiles();
  const catalog = await openIn(folder, { files: faulty.files });
  const bad = await publish(catalog);
  await quarantine(catalog, bad);
  faulty.failAfter(0, "EIO");
  await expect(
    catalog.removeQuarantined("acme", "hello", bad.version.digest),
  ).rejects.toThrow("EIO");
  expect(catalog.extension("acme", "hello")?.quarantine).toBeUndefined();
  faulty.heal();
  await catalog.setPosition(position);
  const restarted = await openIn(folder);
  expect(restarted.extension("acme", "hello")?.quarantine).toBeUndefined();
});

function lastGoodOf(catalog: OpenCatalog): number | undefined {
  return catalog.extension("acme", "hello")?.lastGood?.number;
}

function standInOf(catalog: OpenCatalog): number | undefined {
  const serving = catalog.extension("acme", "hello");
  return serving?.quarantine?.standIn?.version.number;
}

/** The numbers of the quarantined versions, in order. */
function quarantinesOf(catalog: OpenCatalog): number[] {
  return catalog
    .quarantines("acme", "hello")
    .map(({ version }) => version.number)
    .toSorted((a, b) => a - b);
}
