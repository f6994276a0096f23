import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { openStore } from "../../../../controlplane/store/store.ts";
import { optionsIn, storeIn, temporaryFolder, Writer } from "./fixture.ts";

const inUse = {
  code: "precondition",
  message: expect.stringContaining("another control plane is using"),
};

test("a folder has one control plane, until that one is killed", async () => {
  const folder = temporaryFolder();
  const writer = new Writer(folder, "first");
  await writer.progress(1);
  await expect(openStore(optionsIn(folder))).rejects.toMatchObject(inUse);
  await writer.progress(1);
  await writer.kill();
  await storeIn(folder);
});

test("one process cannot open a store twice either, and trying does not let a third in", async () => {
  const folder = temporaryFolder();
  const store = await storeIn(folder);
  await expect(openStore(optionsIn(folder))).rejects.toMatchObject(inUse);
  const writer = new Writer(folder, "third");
  await expect(writer.progress(1)).rejects.toThrow(
    "another control plane is using",
  );
  await store.close();
  await storeIn(folder);
});

test("what was acknowledged before kill -9 is there after it, round after round", async () => {
  const folder = temporaryFolder();
  const acknowledged: string[] = [];
  for (const round of ["r1", "r2", "r3", "r4", "r5"]) {
    const writer = new Writer(folder, round);
    await writer.progress(10);
    await writer.kill();
    acknowledged.push(...writer.acknowledged);
  }
  const store = await storeIn(folder);
  const { items } = await store.containers.list({ pageSize: 1000 });
  const kept = new Set(items.map(({ name }) => name));
  for (const name of acknowledged) expect(kept).toContain(name);
  // The first revision is the store's own; every other created one container, whole.
  const { revision } = await store.changes.position();
  expect(items).toHaveLength(revision - 1);
  expect(await store.changes.allNames()).toHaveLength(items.length + 3);
});

test("a store that could not be opened is not left locked", async () => {
  const folder = temporaryFolder();
  const options = optionsIn(folder);
  writeFileSync(options.masterKeyFile, "no key", { mode: 0o600 });
  await expect(openStore(options)).rejects.toThrow("32 bytes in base64");
  await expect(openStore(options)).rejects.toThrow("32 bytes in base64");
});
