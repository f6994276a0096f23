/** What the file system of an isolate is beside Node's: its bundle, its bounds, its life. */
import { expect, test } from "vitest";
import { answeredJson, startExecutor } from "../../../../support/executor.ts";

test("the bundle's own file is there and cannot be changed", async () => {
  await using executor = await startExecutor();
  const source = `const fs = require("fs");
    module.exports = (cb) => {
      const attempt = (use) => { try { return use() } catch (e) { return e.code } };
      cb(null, [
        attempt(() => fs.readFileSync("/" + __filename, "utf8").length),
        attempt(() => fs.writeFileSync("/" + __filename, "")),
        attempt(() => fs.writeFileSync("/other", "")),
        attempt(() => fs.unlinkSync("/" + __filename)),
        attempt(() => fs.rmSync("/tmp", { recursive: true })),
        attempt(() => fs.readdirSync("/")),
      ]);
    };`;
  const version = await executor.loaded(source, { fileName: "own.js" });
  expect(answeredJson(await executor.invoke(version))).toEqual([
    source.length,
    "EROFS",
    "EROFS",
    "EROFS",
    "EROFS",
    ["own.js", "tmp"],
  ]);
});

test("what a mode does not allow its owner is refused", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`const fs = require("fs");
    const codeOf = (use) => { try { use(); return "" } catch (e) { return e.code } };
    module.exports = (cb) => {
      fs.mkdirSync("/tmp/d");
      fs.writeFileSync("/tmp/d/a", "x");
      fs.chmodSync("/tmp/d/a", 0o444);
      const file = [
        codeOf(() => fs.writeFileSync("/tmp/d/a", "y")),
        codeOf(() => fs.accessSync("/tmp/d/a", fs.constants.W_OK)),
        codeOf(() => fs.readFileSync("/tmp/d/a")),
      ];
      fs.chmodSync("/tmp/d/a", 0o200);
      file.push(codeOf(() => fs.readFileSync("/tmp/d/a")));
      fs.chmodSync("/tmp/d", 0o500);
      const directory = [
        codeOf(() => fs.unlinkSync("/tmp/d/a")),
        codeOf(() => fs.writeFileSync("/tmp/d/b", "")),
        codeOf(() => fs.readdirSync("/tmp/d")),
      ];
      fs.chmodSync("/tmp/d", 0o200);
      directory.push(codeOf(() => fs.readdirSync("/tmp/d")), codeOf(() => fs.statSync("/tmp/d/a")));
      cb(null, { file, directory });
    };`);
  expect(answeredJson(await executor.invoke(version))).toEqual({
    file: ["EACCES", "EACCES", "", "EACCES"],
    directory: ["EACCES", "EACCES", "", "EACCES", "EACCES"],
  });
});

test("who watches a file or a folder is told of changes, until the call ends", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`const fs = require("fs");
    const told = global.told ??= [];
    module.exports = (ctx, cb) => {
      if (ctx.body.again) {
        fs.writeFileSync("/tmp/w/later", "");
        return setTimeout(() => cb(null, told.splice(0)), 20);
      }
      fs.mkdirSync("/tmp/w");
      fs.writeFileSync("/tmp/w/a", "x");
      const folder = fs.watch("/tmp/w", (kind, name) => told.push("folder " + kind + " " + name));
      fs.watch("/tmp/w/a", (kind, name) => told.push("file " + kind + " " + name));
      fs.watchFile("/tmp/w/b", { interval: 5 }, (now, before) => {
        told.push("stat " + before.size + " to " + now.size);
        if (now.size !== 3) return;
        fs.unwatchFile("/tmp/w/b");
        folder.close();
        setImmediate(() => cb(null, told.splice(0)));
      });
      fs.appendFileSync("/tmp/w/a", "y");
      fs.renameSync("/tmp/w/a", "/tmp/w/c");
      fs.writeFileSync("/tmp/w/b", "123");
    };`);
  const first = answeredJson(
    await executor.invoke(version, { payload: JSON.stringify({}) }),
  );
  expect(first).toEqual([
    "stat 0 to 0",
    "folder change a",
    "file change a",
    "folder rename a",
    "file rename a",
    "folder rename c",
    "file rename a",
    "folder rename b",
    "folder change b",
    "stat 0 to 3",
  ]);
  const again = answeredJson(
    await executor.invoke(version, { payload: JSON.stringify({ again: 1 }) }),
  );
  expect(again).toEqual([]);
});

test("watchers are bounded", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`const fs = require("fs");
    module.exports = (cb) => {
      let count = 0;
      try { for (; count < 1000; count++) fs.watch("/tmp", () => undefined); }
      catch (error) { cb(null, [count, error.code]); }
    };`);
  for (let call = 0; call < 2; call++)
    expect(answeredJson(await executor.invoke(version))).toEqual([
      256,
      "ENOSPC",
    ]);
});

test("files stay for the isolate's later calls, and no other isolate has them", async () => {
  await using executor = await startExecutor();
  const source = `const fs = require("fs");
    module.exports = (cb) => {
      const had = fs.existsSync("/tmp/kept");
      fs.writeFileSync("/tmp/kept", "x");
      cb(null, { had });
    };`;
  const one = await executor.loaded(source, { version: "one@1" });
  const other = await executor.loaded(source, { version: "other@1" });
  expect(answeredJson(await executor.invoke(one))).toEqual({ had: false });
  expect(answeredJson(await executor.invoke(one))).toEqual({ had: true });
  expect(answeredJson(await executor.invoke(other))).toEqual({ had: false });
});

test("bytes, files and open files are bounded, and what is removed makes room", async () => {
  await using executor = await startExecutor();
  const version = await executor.loaded(`const fs = require("fs");
    const codeOf = (use) => { try { use(); return "" } catch (e) { return e.code } };
    module.exports = (cb) => {
      const half = Buffer.alloc(8 * 1024 * 1024);
      const found = [];
      fs.writeFileSync("/tmp/a", half);
      fs.writeFileSync("/tmp/b", half);
      found.push(codeOf(() => fs.appendFileSync("/tmp/b", "x")));
      fs.unlinkSync("/tmp/a");
      found.push(codeOf(() => fs.appendFileSync("/tmp/b", "x")));
      found.push(codeOf(() => { for (;;) fs.openSync("/tmp/b", "r"); }));
      found.push(codeOf(() => { for (let i = 0; ; i++) fs.mkdirSync("/tmp/d" + i); }));
      cb(null, found);
    };`);
  const outcome = await executor.invoke(version, { syncMs: 5000 });
  expect(answeredJson(outcome)).toEqual(["ENOSPC", "", "EMFILE", "ENOSPC"]);
});
