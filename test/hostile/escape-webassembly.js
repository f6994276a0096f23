// expect: {"found":[]}
// WebAssembly is not there, under no name and by no way: neither its memory nor its exceptions.
const ways = [
  () => WebAssembly,
  () => globalThis["WebAssem" + "bly"],
  () => (0, eval)("WebAssembly"),
  () => new Function("return WebAssembly")(),
  () => Reflect.get(Object.getPrototypeOf(globalThis), "WebAssembly"),
  () => Function.prototype.constructor("return this.WebAssembly")(),
  () => new (require("wasi").WASI)({ version: "preview1" }),
  () => structuredClone(new WebAssembly.Module(new Uint8Array(8))),
];
module.exports = async function (ctx) {
  const found = [];
  for (const [index, way] of ways.entries())
    try {
      if ((await way()) !== undefined) found.push(index);
    } catch {}
  for (const name of ["compile", "compileStreaming", "instantiate", "JSTag"])
    if (name in globalThis) found.push(name);
  return { found };
};
