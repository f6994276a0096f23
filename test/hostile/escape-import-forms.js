// expect: {"reached":[]}
// Every form of an import, from every place that can hold one.
const forms = [
  () => import("node:fs"),
  () => import("data:text/javascript,export default 1"),
  () => import({ toString: () => "fs" }),
  () => import("./package.json", { with: { type: "json" } }),
  () => (0, eval)('import("fs")'),
  () => new Function('return import("fs")')(),
  () =>
    Object.getPrototypeOf(async function () {}).constructor(
      'return await import("fs")',
    )(),
  () => setTimeout.constructor('return import("fs")')(),
  () => new Promise((resolve) => resolve(import("isolated-vm"))),
];
module.exports = async function (ctx) {
  const reached = [];
  for (const [index, form] of forms.entries())
    await (async () => form())().then(
      () => reached.push(index),
      (error) => {
        if (!(error instanceof Error)) reached.push(`error ${index}`);
      },
    );
  return { reached };
};
