// Call sites, tasks, and what is marked as never to be moved or copied.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const out = [];
  const t = (n, f) => {
    try {
      out.push([n, f() ?? null]);
    } catch (e) {
      out.push([n, "ERR", e.name, e.code, e.message]);
    }
  };
  const util = require("util");
  const threads = require("worker_threads");
  t("no callback", () => queueMicrotask(1));
  t("call sites", () =>
    (function named() {
      const [site] = util.getCallSites(1);
      return [site.functionName, Object.keys(site), site.lineNumber > 0];
    })(),
  );
  t("how many", () => util.getCallSites(2).length);
  t("not so many", () => util.getCallSites(201));
  t("task", () => console.createTask("named").run(() => 5));
  t("no task", () => console.createTask(""));
  t("uncloneable", () => {
    const held = {};
    threads.markAsUncloneable(held);
    return structuredClone(held);
  });
  t("untransferable", () => {
    const held = new ArrayBuffer(1);
    threads.markAsUntransferable(held);
    out.push([threads.isMarkedAsUntransferable(held), Object.keys(held)]);
    return structuredClone(held, { transfer: [held] });
  });
  t("glob", () => [
    require("path").matchesGlob("/a/b.js", "/a/*.js"),
    require("path").matchesGlob("/a/b.js", "/a/*.ts"),
  ]);
  t("all of zlib's constants", () => require("zlib").constants.Z_MAX_CHUNK);
  return out.map((one) =>
    one.map((part) => (part === Infinity ? "Infinity" : part)),
  );
};
