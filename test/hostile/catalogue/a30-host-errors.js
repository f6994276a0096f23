// A30 Errors of host calls, which must name no host path.
// answer: threw rejected answered
// within-ms: 800
// supervisor-grows-mb: 100
// variants: 7

const attempts = [
  () => setTimeout(Symbol("x")),
  () => fetch("http://[bad"),
  () =>
    fetch({
      get url() {
        throw new Error("mine");
      },
    }),
  () => fetch("http://x", { headers: 7 }),
  () => structuredClone(() => 1),
  () => new URL("http://["),
  () => require(["/etc", "passwd"].join("/")),
];
module.exports = async (ctx) => {
  await attempts[ctx.data.variant]();
  return "nothing";
};
