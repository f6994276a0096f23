// A10 Arrays of arrays until the heap is full.
// answer: memory sync_time cpu_time
// within-ms: 1500
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000

module.exports = (cb) => {
  const all = [];
  for (;;) all.push(new Array(1000).fill(all.length));
};
