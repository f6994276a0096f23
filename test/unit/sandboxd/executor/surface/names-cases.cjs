// What functions and classes are called: programs tell them apart by it, and stacks name them.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const out = [];
  const namesIn = (holder) =>
    Object.getOwnPropertyNames(holder).flatMap((key) => {
      let value;
      try {
        value = holder[key];
      } catch {
        // An accessor of a class, asked of its prototype.
      }
      return typeof value === "function" ? [[key, value.name]] : [];
    });
  for (const id of [
    "assert",
    "buffer",
    "diagnostics_channel",
    "domain",
    "events",
    "http",
    "path",
    "querystring",
    "stream",
    "string_decoder",
    "zlib",
  ]) {
    const exported = require(id);
    out.push([id, namesIn(exported)]);
    for (const [key] of namesIn(exported)) {
      const { prototype } = exported[key];
      if (prototype) out.push([`${id}.${key}`, namesIn(prototype)]);
    }
  }
  return out.map(([id, names]) => [id, names.toSorted()]);
};
