import * as nodeFiles from "node:fs/promises";
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  oneof,
  record,
  uniqueArray,
} from "fast-check";
import { expect, test } from "vitest";
import type { Files } from "../../../../sandboxd/cache/disk.ts";
import {
  contentOf,
  digestOf,
  extensionOf,
  openIn,
  position,
  publish,
  refusal,
  settingsOf,
  temporaryFolder,
} from "./support.ts";

test("serves after a restart what it served before", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  const hello = await publish(before, {
    points: ["login"],
    secrets: { KEY: "s3cret", revision: "12", __proto__x: "y" },
    meta: { historyId: "customer's own", revision: "3" },
  });
  const refused = {
    container: "acme",
    extension: "hello",
    version: { ...hello.version, number: 2, digest: digestOf("other") },
    refusal,
    environmentDigest: "e",
    position,
  };
  await before.putRefused(refused);
  await before.putContainer(settingsOf("acme"));
  await before.putContainer(settingsOf("empty"));
  await before.putKeys({ keys: [{ kty: "OKP", kid: "k1" }] });
  await before.putRevocations([
    { jti: "for-ever", expiresAtS: 0 },
    { jti: "still", expiresAtS: 2_000 },
    { jti: "over", expiresAtS: 999 },
  ]);
  await before.setPosition(position);

  const after = await openIn(folder);
  for (const catalog of [before, after]) {
    expect(catalog.extension("acme", "hello")).toEqual(hello);
    expect(catalog.bound("acme", "login")).toEqual(hello);
    expect(catalog.bindings("acme")).toEqual([
      { point: "login", extension: hello },
    ]);
    expect(catalog.containers().toSorted()).toEqual(["acme", "empty"]);
    expect(catalog.hasContainer("empty")).toBe(true);
    expect(catalog.hasContainer("nobody")).toBe(false);
    expect(catalog.refused("acme", "hello")).toEqual(refused);
    expect(catalog.held()).toEqual([
      { container: "acme", extension: "hello", version: 1 },
      { container: "acme", extension: "hello", version: 2, refusal },
    ]);
    expect(catalog.keys()).toEqual({ keys: [{ kty: "OKP", kid: "k1" }] });
    expect(
      ["for-ever", "still", "over"].map((jti) => catalog.isRevoked(jti)),
    ).toEqual([true, true, false]);
    expect(catalog.position()).toEqual(position);
    const bundle = await catalog.readBundle(hello.version.digest);
    expect(bundle.content.toString()).toBe("code of hello{}");
    expect(bundle.bundleBytes).toBe(13);
  }
});

test("has forgotten after a restart what was removed", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  await publish(before, { points: ["login"] });
  await before.putContainer(settingsOf("acme"));
  await before.removeExtension("acme", "hello");
  await before.removeContainer("acme");
  for (const catalog of [before, await openIn(folder)]) {
    expect(catalog.extension("acme", "hello")).toBeUndefined();
    expect(catalog.bound("acme", "login")).toBeUndefined();
    expect(catalog.containers()).toEqual([]);
    expect(catalog.held()).toEqual([]);
  }
  expect(await readdir(join(folder, "bundles"))).toEqual([]);
});

test("gives a point that two extensions name to the one that was told later", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  await publish(catalog, {
    extension: "new",
    points: ["p"],
    position: { ...position, revision: 9n },
  });
  await publish(catalog, {
    extension: "old",
    points: ["p"],
    position: { ...position, revision: 3n },
  });
  expect(catalog.bound("acme", "p")?.extension).toBe("new");
  expect((await openIn(folder)).bound("acme", "p")?.extension).toBe("new");
  await publish(catalog, {
    extension: "new",
    points: [],
    position: { ...position, revision: 10n },
  });
  expect(catalog.bound("acme", "p")?.extension).toBe("old");
});

test("refuses a bundle that is not what its digest says, and stores nothing of it", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  await expect(
    catalog.putBundle(digestOf("good"), Buffer.from("bad"), Buffer.alloc(0)),
  ).rejects.toMatchObject({ code: "invalid" });
  expect(catalog.hasBundle(digestOf("good"))).toBe(false);
  expect(await readdir(join(folder, "bundles"))).toEqual([]);
});

test("keeps secrets from other users of the machine", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  await publish(catalog, { secrets: { KEY: "s3cret" } });
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  const [name] = await readdir(join(folder, "extensions"));
  const file = join(folder, "extensions", name ?? "");
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("makes no path of what a customer chose", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  const names = ["../../etc/passwd", "a/b", "..", "x".repeat(128), "\u0000"];
  for (const extension of names)
    await publish(catalog, { container: `${extension}/c`, extension });
  const reopened = await openIn(folder);
  for (const extension of names)
    expect(reopened.extension(`${extension}/c`, extension)).toBeDefined();
  for (const file of await readdir(join(folder, "extensions")))
    expect(file).toMatch(/^[0-9a-f]{64}$/);
});

test("collects bundles that nothing needs, but none that is retained", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  const { version } = await publish(catalog);
  await catalog.putBundle(
    digestOf("idle"),
    Buffer.from("idle"),
    Buffer.alloc(0),
  );
  const release = catalog.retainBundle(digestOf("idle"));
  await catalog.collectBundles();
  expect(catalog.hasBundle(digestOf("idle"))).toBe(true);
  release();
  release();
  await catalog.collectBundles();
  expect(catalog.hasBundle(digestOf("idle"))).toBe(false);
  expect(await readdir(join(folder, "bundles"))).toEqual([version.digest]);
});

test("stores a bundle again that is being collected", async () => {
  const gate = Promise.withResolvers<void>();
  let isHeldUp = false;
  const files: Files = {
    ...nodeFiles,
    rm: async (path, options) => {
      if (isHeldUp) await gate.promise;
      await nodeFiles.rm(path, options);
    },
  };
  const catalog = await openIn(await temporaryFolder(), { files });
  const put = (code: string) =>
    catalog.putBundle(digestOf(code), Buffer.from(code), Buffer.alloc(0));
  await put("again");
  isHeldUp = true;
  const collecting = catalog.collectBundles();
  const storing = put("again");
  await put("another"); // as long as storing would take, did it not wait for the removal
  gate.resolve();
  await Promise.all([collecting, storing]);
  const { content } = await catalog.readBundle(digestOf("again"));
  expect(content.toString()).toBe("again");
});

test("removes at start what interrupted writes have left", async () => {
  const folder = await temporaryFolder();
  await openIn(folder);
  await writeFile(join(folder, "tmp", "17"), "half");
  await writeFile(join(folder, "bundles", digestOf("orphan")), "half");
  await openIn(folder);
  expect(await readdir(join(folder, "tmp"))).toEqual([]);
  expect(await readdir(join(folder, "bundles"))).toEqual([]);
});

test("has 10,000 extensions within two seconds of its start", async () => {
  const folder = await temporaryFolder();
  const before = await openIn(folder);
  const { version } = await publish(before);
  const numbers = Array.from(
    { length: 10_000 },
    (_, number) => number,
  ).values();
  await Promise.all(
    Array.from({ length: 64 }, async () => {
      for (const number of numbers)
        await before.putExtension({
          ...extensionOf({
            container: `c${number % 3_000}`,
            extension: `e${number}`,
            points: ["p"],
          }),
          version,
        });
    }),
  );
  const startMs = performance.now();
  const after = await openIn(folder);
  expect(performance.now() - startMs).toBeLessThan(2_000);
  expect(after.status().extensions).toBe(10_001);
}, 120_000);

test("answers from disk what it answers from memory, whatever is changed in whatever order", async () => {
  const name = constantFrom("a", "b", "c");
  const points = uniqueArray(constantFrom("p", "q"));
  const change = oneof(
    record({
      kind: constant("put" as const),
      container: name,
      extension: name,
      points,
    }),
    record({
      kind: constant("remove" as const),
      container: name,
      extension: name,
    }),
  );
  await assert(
    asyncProperty(array(change, { maxLength: 12 }), async (changes) => {
      const folder = await mkdtemp(join(tmpdir(), "annex-cache-"));
      const catalog = await openIn(folder);
      let revision = 0n;
      for (const one of changes) {
        revision += 1n;
        if (one.kind === "remove")
          await catalog.removeExtension(one.container, one.extension);
        else
          await publish(catalog, {
            ...one,
            position: { historyId: "h1", revision },
          });
      }
      const restarted = await openIn(folder);
      for (const container of ["a", "b", "c"]) {
        expect(restarted.hasContainer(container)).toBe(
          catalog.hasContainer(container),
        );
        for (const point of ["p", "q"])
          expect(contentOf(restarted.bound(container, point))).toEqual(
            contentOf(catalog.bound(container, point)),
          );
        for (const extension of ["a", "b", "c"])
          expect(contentOf(restarted.extension(container, extension))).toEqual(
            contentOf(catalog.extension(container, extension)),
          );
      }
      await rm(folder, { recursive: true });
    }),
    { numRuns: 25 },
  );
});
