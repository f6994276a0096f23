// A11 A list of flattened strings until the heap is full.
// answer: memory sync_time executor_lost cpu_time
// within-ms: 1500
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000

module.exports = (cb) => {
  const all = [];
  for (let n = 0; ; n++) {
    const text = `${n}`.padEnd(1 << 20, "x");
    all.push(text.toUpperCase());
  }
};
