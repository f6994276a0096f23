/** Runs the same in an isolate and in plain Node, and expects the same of both: a file of cases, or a function's body. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { expect } from "vitest";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../../../../support/executor.ts";

const run = promisify(execFile);

/** As the build lowers code that keeps stores over `await`. */
const lowered = {
  "async-await": false,
  "async-generator": false,
  "for-await": false,
};

const noFlags: readonly string[] = [];

/** The file, or files in one, exports a function that gives a list of cases: each a name, and what came of it. */
export async function expectSameAsNode(
  caseFile: string | readonly string[],
  { isLowered = false, nodeFlags = noFlags } = {},
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
  const nodes = listOf(JSON.parse(await inNode(source, nodeFlags)));
  for (const [at, one] of nodes.entries()) expect(ours[at]).toEqual(one);
  expect(ours).toHaveLength(nodes.length);
}

/** The body of an async function; it may `require`. */
export async function expectSameBody(
  executor: TestExecutor,
  body: string,
): Promise<void> {
  const version = await executor.loaded(
    `module.exports = async (ctx) => { ${body} };`,
  );
  const here = await runHere(body);
  expect(answeredJson(await executor.invoke(version))).toEqual(here);
}

/** What the body gives in this process, as JSON has it. */
export async function runHere(body: string): Promise<unknown> {
  // oxlint-disable-next-line typescript/no-implied-eval, typescript/no-unsafe-type-assertion -- the very source the guest has
  const evaluated = new Function(
    "require",
    `return (async () => { ${body} })();`,
  ) as (load: (id: string) => unknown) => Promise<unknown>;
  const value = await evaluated((id) => process.getBuiltinModule(id));
  return JSON.parse(JSON.stringify(value));
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

async function inNode(
  source: string,
  nodeFlags: readonly string[],
): Promise<string> {
  const program = `module.exports((error, list) => {
      if (error) throw error;
      require("node:fs").writeSync(1, JSON.stringify(list));
    });`;
  const { stdout } = await run(
    process.execPath,
    ["--no-warnings", ...nodeFlags, "-e", `${source};${program}`],
    { cwd: "/" },
  );
  return stdout;
}

function listOf(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new Error("the cases gave no list");
  return value;
}
