// A24 A `toJSON` that loops, and one that throws.
// answer: sync_time invalid_result threw
// within-ms: 600
// supervisor-grows-mb: 100
// variants: 2

const hooks = [
  () => {
    for (;;);
  },
  () => {
    throw new Error("no JSON");
  },
];
module.exports = (ctx, cb) => cb(null, { toJSON: hooks[ctx.data.variant] });
