/** The order in which things that were put off run: programs made by chance run in an isolate as in plain Node. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { promisify } from "node:util";
import { transform } from "esbuild";
import fc from "fast-check";
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";

const run = promisify(execFile);
const file = join(import.meta.dirname, "order-program.cjs");
const program = readFileSync(file, "utf8");

type Step = [way: string, after: Step[]];

test("promises, ticks, microtasks, immediates and what timers begin run in Node's order", async () => {
  await expectNodesOrder(program);
}, 60_000);

test("they do so where somebody listens to rejections", async () => {
  const listening = `process.on("unhandledRejection", () => undefined);${program}`;
  // As the build lowers such programs.
  const { code } = await transform(listening, {
    supported: {
      "async-await": false,
      "async-generator": false,
      "for-await": false,
    },
  });
  await expectNodesOrder(code);
}, 60_000);

async function expectNodesOrder(source: string): Promise<void> {
  const programs = programsOf(waysIn(file));
  const nodes = await inNode(source, programs);
  await using executor = await startExecutor({ maxOpenHostCalls: 1000 });
  const version = await executor.loaded(`${source}
    const traces = module.exports;
    module.exports = (ctx, cb) => traces(ctx.body).then((list) => cb(null, list), cb);`);
  const outcome = await executor.invoke(version, {
    payload: JSON.stringify(programs),
    syncMs: 10_000,
    cpuMs: 20_000,
    wallMs: 30_000,
  });
  const ours = answeredJson(outcome);
  if (!Array.isArray(ours)) throw new Error("the programs gave no list");
  for (const [at, steps] of programs.entries())
    for (let nth = at * timesEach; nth < (at + 1) * timesEach; nth++)
      expect(ours[nth], JSON.stringify(steps)).toEqual(nodes[nth]);
}

/** Each program is begun in as many ways. */
const timesEach = 3;

/** As the file exports them. */
function waysIn(path: string): string[] {
  const { ways } = Object(createRequire(import.meta.url)(path));
  if (!Array.isArray(ways)) throw new Error("the file names no ways");
  return ways.map(String);
}

/** The same each time: what fails once fails again. */
function programsOf(ways: readonly string[]): Step[][] {
  const { steps } = fc.letrec<{ steps: Step[]; step: Step }>((tie) => ({
    steps: fc.array(tie("step"), { maxLength: 4, depthIdentifier: "order" }),
    step: fc.tuple(
      fc.constantFrom(...ways),
      fc.oneof(
        { depthIdentifier: "order", maxDepth: 3 },
        fc.constant<Step[]>([]),
        tie("steps"),
      ),
    ),
  }));
  return fc.sample(steps, { seed: 20_260_101, numRuns: 150 });
}

async function inNode(source: string, programs: Step[][]): Promise<unknown[]> {
  const begun = `${source};
    module.exports(${JSON.stringify(programs)}).then((list) =>
      require("node:fs").writeSync(1, JSON.stringify(list)));`;
  const { stdout } = await run(process.execPath, ["-e", begun]);
  const traces: unknown = JSON.parse(stdout);
  if (!Array.isArray(traces)) throw new Error("Node gave no list");
  return traces;
}
