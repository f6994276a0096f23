// Storage, by its methods and as the properties it shows.
/* oxlint-disable -- written as programs are, odd ones included */
module.exports = async () => {
  const s = sessionStorage;
  const out = [];
  const t = (name, work) => {
    try {
      out.push([name, work()]);
    } catch (error) {
      out.push([
        name,
        error.name,
        error.code,
        error.message,
        error.constructor.name,
      ]);
    }
  };
  t("fills", () => {
    s.b = 1;
    s.a = 2;
    s.setItem("c", null);
    s["10"] = "x";
    s.setItem("length", "5");
    s.setItem("getItem", "q");
    return [
      Object.keys(s),
      s.key(0),
      s.key(1),
      s.key("1"),
      s.key(NaN),
      s.key(99),
      s.key(-1),
      s.length,
      s.getItem("length"),
      typeof s.getItem,
    ];
  });
  t("asks", () => [
    "zz" in s,
    "a" in s,
    "key" in s,
    s.zz === undefined,
    s.getItem("zz"),
    s.removeItem("zz") === undefined,
    s.a,
    JSON.stringify(s),
  ]);
  t("describes", () => [
    Object.getOwnPropertyDescriptor(s, "a"),
    Object.getOwnPropertyDescriptor(s, "zz") === undefined,
    require("util").inspect(s),
  ]);
  t("symbols", () => {
    s[Symbol("q")] = 5;
    return Object.getOwnPropertySymbols(s).length;
  });
  t("deletes", () => [delete s.zz, delete s.b, s.length, Object.keys(s)]);
  t("defines", () => [
    Object.defineProperty(s, "def", { value: 5 }) === s,
    s.def,
  ]);
  t("is one", () => [
    s instanceof Storage,
    Object.prototype.toString.call(s),
    s.constructor === Storage,
    Storage.length,
    Storage.prototype.setItem.length,
    Object.keys(Storage.prototype),
  ]);
  t("keeps undefined", () => {
    s.clear();
    s.x = undefined;
    s.__proto__ = "p";
    return [
      s.x,
      s.length,
      Object.keys(s),
      Object.getPrototypeOf(s) === Storage.prototype,
    ];
  });
  t("hides members", () => {
    s.clear();
    s.getItem = "zz";
    s.length = 5;
    Object.defineProperty(s, "key", { value: 1 });
    const full = s.length;
    delete s.getItem;
    return [
      full,
      s.length,
      typeof s.getItem,
      s.getItem("length"),
      Object.keys(s),
    ];
  });
  t("loops", () => {
    const seen = [];
    for (const name in s) seen.push(name);
    return seen;
  });
  t("is bounded", () => {
    s.clear();
    for (let at = 0; at < 200; at++) s[`k${at}`] = "x".repeat(100_000);
  });
  t("counts", () => [
    s.length,
    (s.clear(), s.setItem("k", "x".repeat(5 * 1024 * 1024 - 1)), s.length),
  ]);
  t("to the char", () => s.setItem("k", "x".repeat(5 * 1024 * 1024)));
  t("replaces", () => [
    s.setItem("k", "short"),
    s.setItem("l", "x".repeat(5_000_000)),
    s.removeItem("l"),
    s.setItem("m", "x".repeat(5_000_000)),
    s.length,
  ]);
  for (const work of [
    () => s.setItem("a"),
    () => s.key(),
    () => s.removeItem(),
    () => s.getItem(Symbol("x")),
    () => s.setItem({ toString: () => "o" }, [1, 2]),
    () => s.getItem("o"),
    () => Storage.prototype.getItem.call({}, "a"),
    () => Storage.prototype.length,
    () => Storage(),
    () => new Storage(),
    () => typeof localStorage,
    () =>
      ["Storage", "sessionStorage"].map(
        (name) => Object.getOwnPropertyDescriptor(globalThis, name).enumerable,
      ),
    () => Object.keys(globalThis).includes("localStorage"),
    () => "localStorage" in globalThis,
  ])
    t(String(work), work);
  s.clear();
  return out;
};
