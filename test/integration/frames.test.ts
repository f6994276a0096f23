import { writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { TestAnnex } from "../support/annex.ts";
import { closeAnnex, openAnnex } from "../support/shared-annex.ts";
import { runAnnex } from "../support/terminal.ts";

let annex: TestAnnex;
beforeAll(async () => {
  annex = await openAnnex();
  await annex.createContainer("acme");
});
afterAll(() => closeAnnex(annex));

async function created(name: string, text: string, ...more: string[]) {
  await writeFile(path.join(annex.home, `${name}.js`), text);
  const create = ["extension", "create", `${name}.js`, "--name", name];
  const env = { ANNEX_URL: annex.http, ANNEX_TOKEN: annex.adminToken };
  const argv = [...create, "--container", "acme", ...more];
  return runAnnex(argv, { env, cwd: annex.home });
}

it("shows the lines of what the build refuses, in text and in JSON", async () => {
  const text = "// one\nvar = 2;\n// three";
  const shown = await created("unbuilt", text);
  expect(shown.exit).toBe(3);
  const frame = "  1 | // one\n> 2 | var = 2;\n    |     ^\n  3 | // three\n";
  expect(shown.stderr).toContain(`unbuilt.js:2:5: `);
  expect(shown.stderr).toContain(`\n\n${frame}`);
  const { json } = await created("unbuilt", text, "--json");
  expect(json.error.message).toContain("> 2 | var = 2;");
});

it("shows the lines of what a host refuses, from the author's own source", async () => {
  const text =
    "// one\nconst settings = undefined;\nmodule.exports = settings.task;";
  const { exit, stderr } = await created("unloaded", text);
  expect(exit).toBe(3);
  expect(stderr).toMatch(/: threw: unloaded\.js:3:27: /);
  expect(stderr).toContain("> 3 | module.exports = settings.task;");
});
