// A21 A stack trace that the guest prepares.
// answer: threw sync_time
// within-ms: 500
// supervisor-grows-mb: 100
// variants: 3

const hooks = [
  () => {
    for (;;);
  },
  () => ({ not: "a string" }),
  (error, sites) => sites.map((site) => site.getFunction()),
];
module.exports = (ctx, cb) => {
  Error.prepareStackTrace = hooks[ctx.data.variant];
  throw new Error("prepared");
};
