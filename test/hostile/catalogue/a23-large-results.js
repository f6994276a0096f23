// A23 Results too large, too many, too deep.
// answer: result_size invalid_result sync_time wall_time memory answered threw executor_lost cpu_time
// within-ms: 2000
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000
// variants: 3

const results = [
  () => "x".repeat(1e8),
  () => Array.from({ length: 1e6 }, (_, n) => ({ n })),
  () => {
    let deep = {};
    for (let n = 0; n < 1e5; n++) deep = { deep };
    return deep;
  },
];
module.exports = (ctx, cb) => cb(null, results[ctx.data.variant]());
