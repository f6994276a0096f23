// A29 `import()`, `require` and `process` as ways out.
// answer: {"imported":false,"required":[],"pid":"undefined"}
// within-ms: 800
// supervisor-grows-mb: 100

module.exports = async (ctx) => {
  const required = [];
  for (const name of [
    "fs",
    "child_process",
    "net",
    "isolated-vm",
    "../../etc/passwd",
    "node:vm",
  ])
    try {
      const found = require(name);
      if (found.readFileSync?.("/etc/passwd")) required.push(name);
      if (found.Isolate) required.push(name);
    } catch {
      // Not there, as it should be.
    }
  const imported = await import("fs").then(
    () => true,
    () => false,
  );
  return { imported, required, pid: typeof globalThis.process?.pid };
};
