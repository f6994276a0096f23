// A20 Things to throw that are no errors.
// answer: threw sync_time
// within-ms: 500
// supervisor-grows-mb: 100
// variants: 8

const looping = new Proxy(
  {},
  {
    get() {
      for (;;);
    },
  },
);
const things = [
  () => new Proxy(new Error("proxy"), {}),
  () => looping,
  () => Symbol("thrown"),
  () => null,
  () => undefined,
  () => () => "function",
  () => Object.freeze(new Error("frozen")),
  () => new Error("x".repeat(1 << 20)),
];
module.exports = (ctx, cb) => {
  throw things[ctx.data.variant]();
};
