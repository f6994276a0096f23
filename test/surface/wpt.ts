/**
 * Runs slices of web-platform-tests inside the isolate: `node test/surface/wpt.ts --from FOLDER [--only url,…] [--file PART]
 * [--compare] [--all] [--failures] [--json FILE]`, where FOLDER is a checkout of web-platform-tests. Its harness and tests
 * are read there; nothing of it is kept here. Each file runs in a version of its own, as a worker would run it; with
 * --compare in a plain Node too. With --all nothing is left out.
 */
import { existsSync, globSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleExecutor } from "../../sandboxd/executor/bundle.ts";
import { executorFile } from "../support/paths.ts";
import { createIsolateRunner, startTestsBroker } from "./wpt/in-isolate.ts";
import { createNodeRunner } from "./wpt/in-node.ts";
import { serveTests } from "./wpt/server.ts";
import { reasonToLeaveOut, slices } from "./wpt/slices.ts";
import {
  harnessFile,
  runsInWorkers,
  variantsOf,
  type RunFile,
  type TestFile,
  type TestResult,
} from "./wpt/test-file.ts";

interface Failure {
  file: string;
  name: string;
  message: string;
  /** Of plain Node; undefined: it was not asked. */
  passesInNode: boolean | undefined;
}

interface SliceResult {
  slice: string;
  files: number;
  passed: number;
  failed: number;
  /** Of the same tests, where plain Node was asked. */
  passedInNode: number;
  leftOut: Map<string, number>;
  failures: Failure[];
}

interface Runners {
  reasonToLeaveOut: typeof reasonToLeaveOut;
  isolate: RunFile;
  node: RunFile | undefined;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: "string" },
      only: { type: "string" },
      file: { type: "string" },
      json: { type: "string" },
      failures: { type: "boolean", default: false },
      compare: { type: "boolean", default: false },
      all: { type: "boolean", default: false },
    },
  });
  const { from } = values;
  if (from === undefined || !existsSync(join(from, harnessFile)))
    throw new Error("--from wants a checkout of web-platform-tests");
  const wanted = values.only?.split(",") ?? Object.keys(slices);
  await bundleExecutor(executorFile);
  await using server = await serveTests(from);
  const broker = await startTestsBroker();
  const runners: Runners = {
    reasonToLeaveOut: values.all ? () => undefined : reasonToLeaveOut,
    isolate: createIsolateRunner(broker, server),
    node: values.compare ? createNodeRunner(server) : undefined,
  };
  const results: SliceResult[] = [];
  for (const slice of wanted) {
    const result = await runSlice(runners, from, slice, values.file ?? "");
    results.push(result);
    tell(result, values.compare, values.failures);
  }
  await broker.close();
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify(results.map(figures), undefined, 2)}\n`,
    );
}

async function runSlice(
  runners: Runners,
  folder: string,
  slice: string,
  part: string,
): Promise<SliceResult> {
  const result: SliceResult = {
    slice,
    files: 0,
    passed: 0,
    failed: 0,
    passedInNode: 0,
    leftOut: new Map(),
    failures: [],
  };
  const files = (slices[slice] ?? [])
    .flatMap((pattern) => globSync(pattern, { cwd: folder }))
    .filter((file) => file.includes(part) && runsInWorkers(folder, file))
    .toSorted();
  for (const file of files) {
    const reason = runners.reasonToLeaveOut(file);
    if (reason === undefined) {
      result.files++;
      for (const variant of variantsOf(folder, file))
        await runFile(runners, { folder, file, variant }, result);
    } else note(result, `${reason} (files)`);
  }
  return result;
}

async function runFile(
  { isolate, node, reasonToLeaveOut: reasonOf }: Runners,
  test: TestFile,
  result: SliceResult,
): Promise<void> {
  const isCounted = ({ name }: TestResult) =>
    reasonOf(test.file, name) === undefined;
  const all = await isolate(test);
  const inNode = (await node?.(test))?.filter(isCounted) ?? [];
  const passing = new Set(
    inNode.filter(({ passed }) => passed).map(({ name }) => name),
  );
  const names = new Set(all.map(({ name }) => name));
  // A file that came to nothing has as many tests as it has in Node.
  const missing = inNode
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({ name, passed: false, message: "did not run" }));
  for (const { name, passed, message } of [...all, ...missing]) {
    const reason = reasonOf(test.file, name);
    if (reason !== undefined) {
      note(result, reason);
      continue;
    }
    if (passing.has(name)) result.passedInNode++;
    if (passed) result.passed++;
    else {
      result.failed++;
      const passesInNode = node && passing.has(name);
      const file = test.file + test.variant;
      result.failures.push({ file, name, message, passesInNode });
    }
  }
}

function note({ leftOut }: SliceResult, reason: string): void {
  leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1);
}

function tell(result: SliceResult, isCompared: boolean, isEach: boolean): void {
  const { slice, files, passed, failed, passedInNode, leftOut } = result;
  const all = passed + failed;
  const rate = (count: number) =>
    `${((100 * count) / Math.max(1, all)).toFixed(1)} %`;
  const node = isCompared ? `; plain Node ${rate(passedInNode)}` : "";
  process.stdout.write(
    `${slice}: ${passed} of ${all} in ${files} files, ${rate(passed)}${node}\n`,
  );
  for (const [reason, count] of leftOut)
    process.stdout.write(`  left out ${count}: ${reason}\n`);
  if (!isEach) return;
  for (const { file, name, message, passesInNode } of result.failures) {
    const mark = passesInNode === true ? "only here: " : "";
    process.stdout.write(`  ${mark}${file}: ${name}: ${message}\n`);
  }
}

function figures({
  slice,
  files,
  passed,
  failed,
  passedInNode,
  leftOut,
}: SliceResult) {
  const withoutTests = Object.fromEntries(leftOut);
  return {
    slice,
    files,
    passed,
    failed,
    passedInNode,
    leftOut: withoutTests,
  };
}

await main();
