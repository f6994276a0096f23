// A28 The `Function` behind every value and error that was handed in.
// answer: {"found":[]}
// within-ms: 800
// supervisor-grows-mb: 100

module.exports = async (ctx) => {
  const found = [];
  const seen = new Set();
  const probe = (value, path) => {
    if ((typeof value !== "object" && typeof value !== "function") || !value)
      return;
    if (seen.has(value) || path.length > 6) return;
    seen.add(value);
    let make;
    try {
      make = value.constructor?.constructor;
    } catch {
      return;
    }
    if (typeof make === "function" && make !== Function)
      found.push(path.join("."));
    try {
      const outside = make?.(
        "return typeof process === 'object' && process.pid",
      )?.();
      if (typeof outside === "number")
        found.push(path.join(".") + " reaches a process");
    } catch {
      // A guest's Function that refuses is as good as one that finds nothing.
    }
    for (const key of Reflect.ownKeys(value)) {
      let next;
      try {
        next = value[key];
      } catch (error) {
        next = error;
      }
      probe(next, [...path, String(key)]);
    }
  };
  probe(ctx, ["ctx"]);
  const errors = [];
  for (const attempt of [
    () => require("fs"),
    () => setTimeout(1n),
    () => structuredClone(() => 1),
  ])
    try {
      attempt();
    } catch (error) {
      errors.push(error);
    }
  errors.push(await fetch("http://[").catch((error) => error));
  errors.push(await import("fs").catch((error) => error));
  probe(errors, ["errors"]);
  return { found };
};
