import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FaultyFiles } from "./faulty-files.ts";
import {
  digestOf,
  extensionOf,
  openIn,
  position,
  publish,
  succeeds,
  temporaryFolder,
} from "./support.ts";

test("is after a failure at any step what it was before it or after it", async () => {
  const steps = await stepsOfAPublish(Infinity, "none");
  expect(steps).toBeGreaterThan(10);
  for (let step = 0; step < steps; step++) await stepsOfAPublish(step, "EIO");
});

/** Publishes version 2 over version 1 on a disk that fails after so many steps; checks what a restart finds. */
async function stepsOfAPublish(
  failAfter: number,
  code: string,
): Promise<number> {
  const folder = await temporaryFolder();
  const first = await openIn(folder);
  const old = await publish(first, { points: ["login"] });
  await first.setPosition(position);

  const faulty = new FaultyFiles();
  const catalog = await openIn(folder, { files: faulty.files });
  const stepsBefore = faulty.steps.length;
  faulty.failAfter(failAfter, code);
  const next = extensionOf({ code: "second", number: 2, points: ["signup"] });
  const bundle = Buffer.from("second");
  const served = { ...next, lastGood: old.version };
  const isStored = await succeeds(
    catalog.putBundle(next.version.digest, bundle, Buffer.alloc(0)),
  );
  if (isStored) {
    const isWritten = await succeeds(catalog.putExtension(next));
    expect(catalog.extension("acme", "hello")).toEqual(served);
    if (isWritten)
      await succeeds(catalog.setPosition({ ...position, revision: 8n }));
  }
  const hasFailed = failAfter !== Infinity;
  expect(catalog.status().degraded !== undefined).toBe(hasFailed);

  const restarted = await openIn(folder);
  const serving = restarted.extension("acme", "hello");
  expect([old, served]).toContainEqual(serving);
  const digest = serving?.version.digest ?? "";
  const { content, bundleBytes } = await restarted.readBundle(digest);
  expect(digestOf(content.subarray(0, bundleBytes))).toBe(digest);
  expect(restarted.status().damagedEntries).toBe(0);
  expect(restarted.bindings("acme")).toHaveLength(1);
  if (restarted.position()?.revision === 8n) expect(serving).toEqual(served);
  else expect(restarted.position()).toEqual(position);
  expect(await readdir(join(folder, "tmp"))).toEqual([]);
  expect((await readdir(join(folder, "bundles"))).toSorted()).toEqual(
    [
      digest,
      ...(serving?.lastGood ? [serving.lastGood.digest] : []),
    ].toSorted(),
  );
  return faulty.steps.length - stepsBefore;
}

test("goes on from memory while the disk is full, and is whole again once a position could be written", async () => {
  const folder = await temporaryFolder();
  const faulty = new FaultyFiles();
  const catalog = await openIn(folder, { files: faulty.files });
  const hello = await publish(catalog);
  await catalog.setPosition(position);
  faulty.failAfter(0);
  await expect(
    catalog.putExtension({ ...hello, enabled: false }),
  ).rejects.toMatchObject({ code: "unavailable" });
  await expect(
    catalog.putRevocations([{ jti: "stolen", expiresAtS: 0 }]),
  ).rejects.toThrow("ENOSPC");
  await expect(catalog.removeContainer("acme")).rejects.toThrow("ENOSPC");
  await expect(
    catalog.setPosition({ ...position, revision: 8n }),
  ).rejects.toThrow("ENOSPC");
  expect(catalog.extension("acme", "hello")?.enabled).toBe(false);
  expect(catalog.isRevoked("stolen")).toBe(true);
  expect(catalog.position()).toEqual(position);
  expect(catalog.status().degraded).toContain("ENOSPC");

  faulty.heal();
  await catalog.putExtension({ ...hello, enabled: false });
  await catalog.putRevocations([{ jti: "stolen", expiresAtS: 0 }]);
  await catalog.removeContainer("acme");
  expect(catalog.status().degraded).toBeDefined();
  await catalog.setPosition({ ...position, revision: 8n });
  expect(catalog.status().degraded).toBeUndefined();
  const restarted = await openIn(folder);
  expect(restarted.extension("acme", "hello")?.enabled).toBe(false);
  expect(restarted.isRevoked("stolen")).toBe(true);
  expect(restarted.position()?.revision).toBe(8n);
});
