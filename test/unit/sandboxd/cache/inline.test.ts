import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { digestOf, openIn, temporaryFolder } from "./support.ts";

test("keeps a bounded number of inline builds, the last used ones, over a restart too", async () => {
  const folder = await temporaryFolder();
  let nowMs = 1_000_000;
  const options = { maxInlineBuilds: 3, now: () => (nowMs += 1_000) };
  const before = await openIn(folder, options);
  for (const code of ["a", "b", "c"]) {
    await before.putInline(digestOf(code), build(code));
    await before.readInline(digestOf(code));
  }
  expect(await before.readInline(digestOf("a"))).toMatchObject({
    runtime: "2026.1",
    bundleBytes: 1,
    content: Buffer.from("a{}"),
  });
  const after = await openIn(folder, options);
  await after.putInline(digestOf("d"), build("d"));
  await vi.waitFor(async () =>
    expect((await readdir(join(folder, "inline"))).toSorted()).toEqual(
      ["a", "c", "d"].map((code) => digestOf(code)).toSorted(),
    ),
  );
  expect(await after.readInline(digestOf("b"))).toBeUndefined();
});

test("forgets an inline build that is damaged", async () => {
  const folder = await temporaryFolder();
  const catalog = await openIn(folder);
  await catalog.putInline(digestOf("a"), {
    runtime: "2026.1",
    bundle: Buffer.from("a"),
    sourceMap: Buffer.alloc(0),
  });
  await writeFile(join(folder, "inline", digestOf("a")), "half");
  expect(await catalog.readInline(digestOf("a"))).toBeUndefined();
});

function build(code: string) {
  return {
    runtime: "2026.1",
    bundle: Buffer.from(code),
    sourceMap: Buffer.from("{}"),
  };
}
