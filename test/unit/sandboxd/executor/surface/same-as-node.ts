/** Runs a file of cases in an isolate and in plain Node, and expects the same of both, case by case. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { expect } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";

const run = promisify(execFile);

/** As the build lowers code that keeps stores over `await`. */
const lowered = {
  "async-await": false,
  "async-generator": false,
  "for-await": false,
};

/** The file, or files in one, exports a function that gives a list of cases: each a name, and what came of it. */
export async function expectSameAsNode(
  caseFile: string | readonly string[],
  { isLowered = false } = {},
): Promise<void> {
  const source = await sourceOf(caseFile, isLowered);
  await using executor = await startExecutor();
  const version = await executor.loaded(source);
  const outcome = await executor.invoke(version, {
    payload: "{}",
    syncMs: 5000,
    wallMs: 20_000,
  });
  const ours = listOf(answeredJson(outcome));
  const nodes = listOf(JSON.parse(await inNode(source)));
  for (const [at, one] of nodes.entries()) expect(ours[at]).toEqual(one);
  expect(ours).toHaveLength(nodes.length);
}

async function sourceOf(
  caseFile: string | readonly string[],
  isLowered: boolean,
): Promise<string> {
  const source = [caseFile]
    .flat()
    .map((file) => readFileSync(join(import.meta.dirname, file), "utf8"))
    .join("\n");
  // An arrow function that was lowered is no async one, and is called back.
  const exported = `${source}
    const cases = module.exports;
    module.exports = (done) => cases().then((list) => done(null, list), done);`;
  if (!isLowered) return exported;
  const { code } = await transform(exported, { supported: lowered });
  return code;
}

async function inNode(source: string): Promise<string> {
  const program = `module.exports((error, list) => {
      if (error) throw error;
      require("node:fs").writeSync(1, JSON.stringify(list));
    });`;
  const { stdout } = await run(
    process.execPath,
    ["--no-warnings", "-e", `${source};${program}`],
    { cwd: "/" },
  );
  return stdout;
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error("the cases gave no list");
  return value;
}
