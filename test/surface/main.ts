/**
 * `npm run surface [-- --only MODULE]… [--json FILE]`: measures what of Node is there, and writes docs/surface.md and the
 * floors of the test. With `--only` both stay as they are, and what is absent is printed.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { format } from "prettier";
import { repositoryRoot } from "../support/paths.ts";
import { measure, type Measured } from "./measure.ts";
import { counts, render, reportOf } from "./report.ts";
import { sliceOf } from "./slice.ts";
import { setStage } from "./stage.ts";
import { measured } from "./surfaces.ts";

await main(process.argv.slice(2));

async function main(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: "string", multiple: true },
      json: { type: "string" },
    },
  });
  const modules = await measureAll(values.only ?? measured);
  const report = reportOf(modules);
  if (values.json !== undefined)
    await writeFile(values.json, JSON.stringify(report, undefined, 2));
  if (values.only) {
    console.log(render(report));
    return;
  }
  const file = join(repositoryRoot, "docs/surface.md");
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, await format(render(report), { parser: "markdown" }));
  const floors = JSON.stringify(await floorsOf(modules), undefined, 2);
  await writeFile(join(import.meta.dirname, "floors.json"), `${floors}\n`);
}

/** How many members of each builtin's slice are present: below that test/integration/surface.test.ts fails. */
async function floorsOf(modules: Measured[]): Promise<Record<string, number>> {
  const floors: Record<string, number> = {};
  for (const { module, findings } of modules) {
    const slice = await sliceOf(module);
    const present = findings.filter(
      ({ member, isPresent }) => isPresent && slice.includes(member),
    );
    floors[module] = present.length;
  }
  return floors;
}

async function measureAll(names: readonly string[]): Promise<Measured[]> {
  const stage = await setStage();
  const modules: Measured[] = [];
  try {
    for (const name of names) {
      const found = await measure(name, stage);
      const { present, members } = counts(found);
      console.error(`${name}: ${present} of ${members}`);
      modules.push(found);
    }
  } finally {
    await stage.close();
  }
  return modules;
}
