/** What the documents name is there, and what they say is not is not: a newcomer who follows them must find it so. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repositoryRoot } from "../support/paths.ts";

const documents = ["ARCHITECTURE.md", "SECURITY.md"];
/** A TypeScript file or a folder, in backticks; paths may begin anywhere below the root. */
const namePattern = /`([a-z][\w./-]*(?:\.ts|\/))`/g;
const files = globSync("{clients,controlplane,proto,sandboxd,test}/**/*.ts", {
  cwd: repositoryRoot,
}).map((file) => `/${file}`);

test.each(documents)("%s names files and folders that exist", (document) => {
  const text = readFileSync(join(repositoryRoot, document), "utf8");
  const names = [...text.matchAll(namePattern)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(10);
  expect(names.filter((name) => !isThere(name))).toEqual([]);
});

test("what README says is not defined is not", () => {
  const readme = readFileSync(join(repositoryRoot, "README.md"), "utf8");
  const [, list = ""] =
    /when they are used\. (.*?) are not\s+defined/s.exec(readme) ?? [];
  const names = [...list.matchAll(/`(\w+)`/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(2);
  const file = join(repositoryRoot, "test/hostile/globals.golden.txt");
  const golden = readFileSync(file, "utf8");
  expect(names.filter((name) => golden.includes(`${name} `))).toEqual([]);
});

function isThere(name: string): boolean {
  return files.some((file) =>
    name.endsWith("/") ? file.includes(`/${name}`) : file.endsWith(`/${name}`),
  );
}
