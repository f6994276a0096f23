// expect: {"names":[],"isResizable":false,"resize":"undefined","imported":"refused"}
// What the isolate withholds, each context of it withholds.
const vm = require("vm");
module.exports = async function () {
  const run = (code) => vm.runInNewContext(code, { ask: globalThis });
  const names = ["WebAssembly", "SharedArrayBuffer", "Atomics"].filter(
    (name) => run(`typeof ${name}`) !== "undefined",
  );
  const isResizable = Boolean(
    run("new ArrayBuffer(8, { maxByteLength: 1e9 }).resizable"),
  );
  const imported = await run("(async () => import('fs'))()").then(
    () => "imported",
    () => "refused",
  );
  const resize = run("typeof ArrayBuffer.prototype.resize");
  return { names, isResizable, resize, imported };
};
