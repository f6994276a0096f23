import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { gather } from "../../../../clients/cli/gather.ts";

let folder: string;
let outside: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "annex-gather-"));
  outside = await mkdtemp(path.join(tmpdir(), "annex-outside-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
  await rm(outside, { recursive: true });
});

async function put(
  files: Record<string, string>,
  where = folder,
): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(where, name)), { recursive: true });
    await writeFile(path.join(where, name), text);
  }
}

async function pathsOf(target = folder): Promise<string[]> {
  return (await gather(target)).files.map((file) => file.path);
}

it("takes one file with its own name as the entry", async () => {
  await put({ "a.ts": "1", "b.ts": "2" });
  expect(await gather(path.join(folder, "a.ts"))).toEqual({
    files: [{ path: "a.ts", content: Buffer.from("1") }],
    entry: "a.ts",
  });
});

it("takes a folder with its node_modules, always in the same order, without what begins with a dot", async () => {
  await put({
    "index.js": "",
    ".env": "SECRET=1",
    ".git/HEAD": "",
    "lib/b.js": "",
    "lib/a.js": "",
    "node_modules/x/index.js": "",
    "node_modules/.bin/x": "",
  });
  expect(await pathsOf()).toEqual([
    "index.js",
    "lib/a.js",
    "lib/b.js",
    "node_modules/x/index.js",
  ]);
  expect((await gather(folder)).entry).toBe("");
});

it("follows links inside of the folder, and none that lead out of it or in circles", async () => {
  await put({ "index.js": "", "node_modules/.store/x/index.js": "x" });
  await put({ passwd: "root" }, outside);
  await symlink(".store/x", path.join(folder, "node_modules/x"));
  await symlink(path.join(outside, "passwd"), path.join(folder, "stolen.js"));
  await symlink(outside, path.join(folder, "all"));
  await symlink("..", path.join(folder, "node_modules/.store/x/up"));
  await symlink("nowhere", path.join(folder, "dangling.js"));
  await symlink(".", path.join(folder, "self"));
  expect(await pathsOf()).toEqual(["index.js", "node_modules/x/index.js"]);
});

it("names what is biggest where a source is too big", async () => {
  await put({
    "index.js": "x".repeat(10),
    "data/big.json": "x".repeat(3000),
    "node_modules/@a/b/index.js": "x".repeat(2000),
    "node_modules/@a/b/c.js": "x".repeat(2000),
  });
  const limits = { ownBytes: 2000, allBytes: 100_000, files: 100 };
  await expect(gather(folder, limits)).rejects.toThrow(
    `'${folder}' (node_modules not counted) has 2.9 KiB; the limit is 2.0 KiB. The biggest are data/big.json (2.9 KiB), index.js (10 B)`,
  );
  const all = gather(folder, { ...limits, ownBytes: 4000, allBytes: 5000 });
  await expect(all).rejects.toThrow(
    /with its node_modules has 6\.8 KiB.*The biggest are node_modules\/@a\/b \(3\.9 KiB\), data\/big\.json/,
  );
  await expect(gather(folder, { ...limits, files: 2 })).rejects.toThrow(
    "more than 2 files",
  );
});

it("refuses an empty folder, and what is not there", async () => {
  await expect(gather(folder)).rejects.toMatchObject({ code: "invalid" });
  await expect(gather(path.join(folder, "nope"))).rejects.toMatchObject({
    code: "not_found",
  });
});
