/** What cannot be offered loads, and says so when it is used. */
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";

async function attempt(expressions: readonly string[]): Promise<unknown> {
  await using executor = await startExecutor();
  const version = await executor.loaded(`module.exports = (cb) => {
    const attempt = (use) => { try { return use() } catch (e) { return [e.code, e.message] } };
    cb(null, [${expressions.map((text) => `attempt(() => ${text})`).join(",")}]);
  };`);
  return answeredJson(await executor.invoke(version));
}

test("each says what is missing, and why", async () => {
  const code = "ERR_ANNEX_UNAVAILABLE";
  const noProcesses = "an extension runs in an isolate without processes";
  expect(
    await attempt([
      'require("child_process").spawn("ls")',
      'require("cluster").fork()',
      'new (require("worker_threads").Worker)("x")',
      'new (require("node:sqlite").DatabaseSync)(":memory:")',
      'require("module").register("x")',
      'require("dgram").createSocket("udp4")',
      "process.dlopen()",
    ]),
  ).toEqual([
    [code, `child_process.spawn cannot be offered here: ${noProcesses}`],
    [code, `cluster.fork cannot be offered here: ${noProcesses}`],
    [
      code,
      "worker_threads.Worker cannot be offered here: an extension runs in one thread",
    ],
    [
      code,
      "sqlite.DatabaseSync cannot be offered here: an extension has no database of its own",
    ],
    [
      code,
      "module.register cannot be offered here: an extension runs in one thread",
    ],
    [
      code,
      "dgram.createSocket cannot be offered here: an extension has no UDP",
    ],
    [code, `process.dlopen cannot be offered here: ${noProcesses}`],
  ]);
});

test("every member of Node's is there", async () => {
  const names = ["child_process", "cluster", "dgram", "http2", "repl", "wasi"];
  for (const name of names) {
    const ours = await attempt([`Object.keys(require("node:${name}"))`]);
    const nodes: object = await import(`node:${name}`);
    const members = Object.keys(nodes).filter(
      (key) => key !== "default" && key !== "module.exports",
    );
    expect(ours).toEqual([expect.arrayContaining(members)]);
  }
});
