// A29 `import()`, `require` and `process` as ways out.
// answer: {"imported":false,"required":[],"pid":1}
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
  const imported = await import("fs")
    .then(({ readFileSync }) => readFileSync("/etc/passwd").length > 0)
    .catch(() => false);
  // The same for every guest: it is nobody's number outside.
  return { imported, required, pid: globalThis.process?.pid };
};
