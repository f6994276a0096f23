// A16 A dictionary object in the smallest heap: V8 aborts the process.
// answer: memory executor_lost sync_time cpu_time
// within-ms: 2000
// supervisor-grows-mb: 100
// limits: heap-mb=16 sync-ms=1000 wall-ms=4000

module.exports = (cb) => {
  const all = {};
  for (let n = 0; ; n++) all[`key ${n} ${"x".repeat(100)}`] = { n };
};
