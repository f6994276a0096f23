/**
 * Runs slices of Node's own tests inside the isolate: `node test/surface/node-tests/main.ts --from FOLDER [--only util,…]
 * [--json FILE]`, where FOLDER is the folder `test` of a checkout of Node. Nothing of it is kept here. Tests that need
 * Node's internals, flags, other processes or TLS servers are left out and counted; and so are those that plain Node fails
 * too, for a checkout is seldom of the very version that runs.
 */
import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundleExecutor } from "../../../sandboxd/executor/bundle.ts";
import { startExecutor, type TestExecutor } from "../../support/executor.ts";
import { executorFile } from "../../support/paths.ts";
import { bundleTest } from "./bundle.ts";
import { leftOut, slices } from "./slices.ts";

const testsOfAnExecutor = 40;
const plainTimeoutMs = 60_000;
const maxReasonChars = 160;

interface Failure {
  name: string;
  reason: string;
}

/** What came of one slice. */
interface SliceResult {
  slice: string;
  passed: number;
  failed: Failure[];
  leftOut: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: "string" },
      only: { type: "string" },
      json: { type: "string" },
    },
  });
  if (values.from === undefined)
    throw new Error("say where Node's tests are: --from FOLDER");
  await bundleExecutor(executorFile);
  const wanted = values.only?.split(",") ?? Object.keys(slices);
  const results: SliceResult[] = [];
  for (const slice of wanted) {
    const result = await runSlice(values.from, slice);
    results.push(result);
    const all = result.passed + result.failed.length;
    const share = all === 0 ? 0 : (100 * result.passed) / all;
    process.stdout.write(
      `${slice}: ${result.passed} of ${all} (${share.toFixed(1)} %), ${result.leftOut} left out\n`,
    );
    for (const { name, reason } of result.failed)
      process.stdout.write(`  ${name}: ${reason.slice(0, maxReasonChars)}\n`);
  }
  if (values.json !== undefined)
    await writeFile(values.json, JSON.stringify(results, null, 2));
}

async function runSlice(from: string, slice: string): Promise<SliceResult> {
  const prefixes = slices[slice];
  if (!prefixes) throw new Error(`no slice ${slice}`);
  const folder = join(from, "parallel");
  const names = (await readdir(folder)).filter(
    (name) =>
      name.endsWith(".js") &&
      prefixes.some((prefix) =>
        new RegExp(`^test-${prefix}(-.*)?\\.js$`).test(name),
      ),
  );
  const result: SliceResult = { slice, passed: 0, failed: [], leftOut: 0 };
  const run: string[] = [];
  for (const name of names.toSorted()) {
    const text = await readFile(join(folder, name), "utf8");
    if (leftOut(text)) result.leftOut++;
    else run.push(name);
  }
  for (let at = 0; at < run.length; at += testsOfAnExecutor) {
    await using executor = await startExecutor({
      heapLimitMb: 256,
      maxOpenHostCalls: 1000,
      maxOpenEgress: 256,
    });
    refuseOutward(executor);
    for (const name of run.slice(at, at + testsOfAnExecutor)) {
      const reason = await runTest(executor, from, name);
      if (reason === undefined) result.passed++;
      else if (!(await passesInNode(folder, name))) result.leftOut++;
      else result.failed.push({ name, reason });
    }
  }
  return result;
}

/** Nobody is out there: what is not in the isolate itself is found closed, or not at all. */
function refuseOutward(executor: TestExecutor): void {
  executor.listen((reply) => {
    const isConnect = reply.type === "egress-connect";
    if (!isConnect && reply.type !== "egress-lookup") return;
    const { id, egress } = reply;
    const code = isConnect ? "ECONNREFUSED" : "ENOTFOUND";
    const failure = { kind: "failed" as const, message: code, code };
    executor.send({ type: "egress-failure", id, egress, failure });
  });
}

/** Undefined where the test passed, else why not. */
async function runTest(
  executor: TestExecutor,
  from: string,
  name: string,
): Promise<string | undefined> {
  const source = await bundleTest(from, name);
  if (source === undefined) return "needs a file that is not there";
  const loading = await executor.load(source, { version: name });
  if (loading.failure) return loading.failure.message;
  const outcome = await executor.invoke(name);
  executor.send({ type: "unload", version: name });
  if (outcome.type === "failed")
    return `${outcome.failure.message} ${outcome.failure.stack ?? ""}`;
  if (outcome.type !== "answered") return outcome.type;
  const told: unknown = JSON.parse(outcome.body.toString());
  return typeof told === "string" && told !== "" ? told : undefined;
}

async function passesInNode(folder: string, name: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  execFile(
    process.execPath,
    [join(folder, name)],
    { cwd: folder, timeout: plainTimeoutMs },
    (error) => resolve(error === null),
  );
  return await promise;
}

await main();
