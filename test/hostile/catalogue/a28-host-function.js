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
    // Generators lead to their own kind of it, which descends from the guest's.
    const isOwn =
      make === Function || (make && Object.getPrototypeOf(make) === Function);
    if (typeof make === "function" && !isOwn) found.push(path.join("."));
    try {
      const realm = make?.("return globalThis")?.();
      if (make === Function && realm !== globalThis)
        found.push(path.join(".") + " reaches another realm");
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
