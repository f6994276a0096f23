/**
 * Runs slices of web-platform-tests inside the isolate: `node test/surface/wpt.ts --from FOLDER [--only url,…] [--json FILE]
 * [--failures]`, where FOLDER is a checkout of web-platform-tests. Its harness and tests are read there; nothing of it is
 * kept here. Each file runs in a version of its own, as a worker would run it.
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { bundleExecutor } from "../../sandboxd/executor/bundle.ts";
import { serveEgress, type EgressAnswer } from "../support/egress.ts";
import {
  answeredJson,
  startExecutor,
  type TestExecutor,
} from "../support/executor.ts";
import { executorFile } from "../support/paths.ts";

/** The files of each slice, without those that want a document or a server. */
const slices: Record<string, readonly string[]> = {
  url: ["url/*.any.js"],
  urlpattern: ["urlpattern/*.any.js"],
  fetch: ["fetch/api/{headers,request,response,body}/**/*.any.js"],
  formdata: ["xhr/formdata/*.any.js"],
  streams: ["streams/**/*.any.js"],
  encoding: ["encoding/*.any.js", "encoding/streams/*.any.js"],
  base64: ["html/webappapis/atob/*.any.js"],
  "structured-clone": ["html/webappapis/structured-clone/*.any.js"],
  webcrypto: ["WebCryptoAPI/**/*.any.js"],
  events: ["dom/events/*.any.js"],
  abort: ["dom/abort/*.any.js"],
  blob: ["FileAPI/**/*.any.js"],
  compression: ["compression/**/*.any.js"],
  performance: ["user-timing/*.any.js", "hr-time/*.any.js"],
};

/** Files whose every test asks a server written in Python. */
const wantsServer = /\/(request-cache-|header-values-normalize)/;

/** Which subset of a file's tests runs is part of its address. */
const maxVariants = 40;
const wallMs = 20_000;
const heapLimitMb = 512;
const origin = "http://web-platform.test:8000";

interface TestResult {
  name: string;
  passed: boolean;
  message: string;
}

interface SliceResult {
  slice: string;
  files: number;
  passed: number;
  failed: number;
  failures: { file: string; name: string; message: string }[];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      from: { type: "string" },
      only: { type: "string" },
      file: { type: "string" },
      json: { type: "string" },
      failures: { type: "boolean", default: false },
    },
  });
  const { from } = values;
  if (from === undefined || !existsSync(join(from, harnessFile)))
    throw new Error("--from wants a checkout of web-platform-tests");
  const wanted = values.only?.split(",") ?? Object.keys(slices);
  await bundleExecutor(executorFile);
  const results: SliceResult[] = [];
  for (const slice of wanted) {
    const result = await runSlice(from, slice, values.file ?? "");
    results.push(result);
    tell(result, values.failures);
  }
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify(results.map(withoutFailures), undefined, 2)}\n`,
    );
}

const harnessFile = "resources/testharness.js";

async function runSlice(
  folder: string,
  slice: string,
  part: string,
): Promise<SliceResult> {
  const files = (slices[slice] ?? [])
    .flatMap((pattern) => globSync(pattern, { cwd: folder }))
    .filter((file) => !file.includes(".tentative.") && !wantsServer.test(file))
    .filter((file) => file.includes(part) && runsInWorkers(folder, file))
    .toSorted();
  const result: SliceResult = {
    slice,
    files: files.length,
    passed: 0,
    failed: 0,
    failures: [],
  };
  for (const file of files)
    for (const variant of variantsOf(folder, file))
      for (const { name, passed, message } of await runFile(
        folder,
        file,
        variant,
      )) {
        if (passed) result.passed++;
        else {
          result.failed++;
          result.failures.push({ file: file + variant, name, message });
        }
      }
  return result;
}

function metaOf(folder: string, file: string, key: string): string[] {
  const text = readFileSync(join(folder, file), "utf8");
  const lines = text.matchAll(/^\/\/ META: (\w+)=(.*)$/gm);
  return [...lines].flatMap(([, name, value]) =>
    name === key && value !== undefined ? [value.trim()] : [],
  );
}

function runsInWorkers(folder: string, file: string): boolean {
  const [globals = "worker"] = metaOf(folder, file, "global");
  return /worker/.test(globals);
}

function variantsOf(folder: string, file: string): string[] {
  const variants = metaOf(folder, file, "variant").slice(0, maxVariants);
  return variants.length > 0 ? variants : [""];
}

async function runFile(
  folder: string,
  file: string,
  variant: string,
): Promise<TestResult[]> {
  await using executor = await startExecutor({
    heapLimitMb,
    maxOpenHostCalls: 10_000,
    maxHostCalls: 1_000_000,
  });
  serveEgress(executor, ({ url }) => answerOf(folder, url));
  const failed = (message: string) => [
    { name: "the file itself", passed: false, message },
  ];
  const source = sourceOf(folder, file, variant);
  const { failure } = await executor.load(source, { version: "wpt@1" });
  if (failure) return failed(failure.message);
  return await outcomeOf(executor, failed);
}

async function outcomeOf(
  executor: TestExecutor,
  failed: (message: string) => TestResult[],
): Promise<TestResult[]> {
  const limits = { wallMs, syncMs: wallMs, cpuMs: wallMs };
  const outcome = await executor.invoke("wpt@1", limits);
  if (outcome.type === "failed") return failed(outcome.failure.message);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the source below answers so
  return answeredJson(outcome) as TestResult[];
}

/** Files that tests fetch. */
function answerOf(folder: string, url: string): EgressAnswer {
  const path = join(folder, new URL(url).pathname);
  if (!url.startsWith(origin) || !existsSync(path)) return { status: 404 };
  const body = readFileSync(path);
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; at += chunkBytes)
    chunks.push(body.subarray(at, at + chunkBytes));
  return { chunks };
}

const chunkBytes = 64 * 1024;
/** What the server of these tests serves from elsewhere. */
const moved: Record<string, string> = {
  "/resources/WebIDLParser.js": "resources/webidl2/lib/webidl2.js",
};

/** The harness, the scripts that the test names, and the test, each as a script of its own. */
function sourceOf(folder: string, file: string, variant: string): string {
  const read = (path: string) =>
    readFileSync(join(folder, moved[path] ?? path), "utf8");
  const scripts = metaOf(folder, file, "script").map((path) =>
    read(path.startsWith("/") ? path : join(dirname(file), path)),
  );
  const address = `${origin}/${file.replace(/\.js$/, ".worker.html")}${variant}`;
  return `
    const scripts = ${JSON.stringify([read(harnessFile), ...scripts, read(file)])};
    const run = eval;
    module.exports = (cb) => {
      globalThis.self = globalThis;
      globalThis.location = new URL(${JSON.stringify(address)});
      // What undici has for the address that a worker's relative ones belong to.
      globalThis[Symbol.for("undici.globalOrigin.1")] = location;
      globalThis.GLOBAL = { isWindow: () => false, isWorker: () => true, isShadowRealm: () => false };
      const send = fetch;
      const within = (input) => typeof input === "string" ? new URL(input, location).href : input;
      globalThis.fetch = (input, init) => send(within(input), init);
      const [harness, ...tests] = scripts;
      run(harness);
      setup({ explicit_done: true });
      add_completion_callback((all, status) => {
        const results = all.map(({ name, status, message }) => (
          { name, passed: status === 0, message: String(message ?? "").slice(0, 300) }));
        if (status.status !== 0)
          results.push({ name: "the harness", passed: false, message: String(status.message).slice(0, 300) });
        cb(null, results);
      });
      // In one: what a script declares with const, the next one sees.
      run(tests.join("\\n;\\n"));
      done();
    };`;
}

function tell(result: SliceResult, isEach: boolean): void {
  const { slice, files, passed, failed } = result;
  const rate = (100 * passed) / Math.max(1, passed + failed);
  process.stdout.write(
    `${slice}: ${passed} of ${passed + failed} in ${files} files, ${rate.toFixed(1)} %\n`,
  );
  if (!isEach) return;
  for (const { file, name, message } of result.failures)
    process.stdout.write(`  ${file}: ${name}: ${message}\n`);
}

function withoutFailures({ slice, files, passed, failed }: SliceResult) {
  return { slice, files, passed, failed };
}

await main();
