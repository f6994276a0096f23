import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import {
  digestOf,
  extensionOf,
  openIn,
  position,
  publish,
  quarantine,
  refuse,
  settingsOf,
  temporaryFolder,
} from "./support.ts";

for (const [damage, harm] of [
  ["torn", (file: Buffer) => file.subarray(0, file.length - 5)],
  ["empty", () => Buffer.alloc(0)],
  [
    "of another release",
    (file: Buffer) => Buffer.concat([Buffer.from("annex-cache-0 "), file]),
  ],
  [
    "bit-flipped",
    (file: Buffer) => {
      const flipped = Buffer.from(file);
      flipped.writeUInt8(
        flipped.readUInt8(file.length - 3) ^ 1,
        file.length - 3,
      );
      return flipped;
    },
  ],
] as const) {
  for (const folderOfDamage of [
    "extensions",
    "bundles",
    "refused",
    "containers",
    "points",
    "quarantined",
  ])
    test(`drops what is ${damage} in ${folderOfDamage}, serves the rest, and asks for everything again`, async () => {
      const folder = await temporaryFolder();
      const before = await openIn(folder);
      await publish(before, { extension: "victim" });
      if (folderOfDamage === "refused") await refuse(before);
      if (folderOfDamage === "containers")
        await before.putContainer(settingsOf("victim"));
      if (folderOfDamage === "points")
        await before.putPoint("victim", { cpuMs: 1, syncMs: 1, wallMs: 1 });
      if (folderOfDamage === "quarantined")
        await quarantine(before, extensionOf({ extension: "victim" }));
      const [victim] = await readdir(join(folder, folderOfDamage));
      const path = join(folder, folderOfDamage, victim ?? "");
      await publish(before, { extension: "bystander" });
      await before.setPosition(position);
      await writeFile(path, harm(await readFile(path)));

      const warnings: string[] = [];
      const after = await openIn(folder, { warnings });
      expect(warnings.length).toBeGreaterThan(0);
      expect(after.status().damagedEntries).toBe(1);
      expect(after.extension("acme", "bystander")).toBeDefined();
      expect(after.position()).toEqual({ historyId: "h1", revision: 0n });
      const victimServes = !["extensions", "bundles"].includes(folderOfDamage);
      expect(after.extension("acme", "victim") !== undefined).toBe(
        victimServes,
      );
      expect(after.hasContainer("victim")).toBe(false);
      expect(after.refused("acme", "victim")).toBeUndefined();
      expect(after.points()).toEqual([]);
      expect(after.quarantines("acme", "victim")).toEqual([]);

      const again = await openIn(folder);
      expect(again.position()).toEqual({ historyId: "h1", revision: 0n });
      expect(again.status().damagedEntries).toBe(0);
    });
}

test("remembers the history it follows even where its position is damaged", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  await publish(before);
  await before.setPosition(position);
  await writeFile(join(folder, "position"), "annex-cache-1 nonsense");
  const after = await openIn(folder);
  expect(after.position()).toEqual({ historyId: "h1", revision: 0n });
  expect(after.extension("acme", "hello")).toBeDefined();
});

test("finds a bundle damaged while it runs, and says so", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  const { version } = await publish(catalog);
  await catalog.setPosition(position);
  // A catalog that has the bundle on disk alone: 70 MB have gone through its memory since.
  for (const name of ["a", "b"]) {
    const large = Buffer.alloc(35 * 1024 * 1024, name);
    await catalog.putBundle(digestOf(large), large, Buffer.alloc(0));
    await catalog.readBundle(digestOf(large));
  }
  const path = join(folder, "bundles", version.digest);
  const file = await readFile(path);
  file.writeUInt8(file.readUInt8(file.length - 1) ^ 1, file.length - 1);
  await writeFile(path, file);
  const onDamage = vi.fn<() => void>();
  catalog.onDamage(onDamage);
  await expect(catalog.readBundle(version.digest)).rejects.toMatchObject({
    code: "unavailable",
  });
  expect(onDamage).toHaveBeenCalledTimes(1);
  expect(catalog.hasBundle(version.digest)).toBe(false);
  expect(catalog.held()).toEqual([]);
  expect(catalog.position()).toEqual({ historyId: "h1", revision: 0n });
  await publish(catalog);
  const { content } = await catalog.readBundle(version.digest);
  expect(content.toString()).toBe("code of hello{}");
});
