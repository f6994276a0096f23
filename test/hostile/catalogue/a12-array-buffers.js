// A12 Buffers outside the heap, 8 MB each.
// answer: threw memory executor_lost
// within-ms: 1500
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000

module.exports = (cb) => {
  const all = [];
  for (;;) all.push(new Uint8Array(8 << 20).fill(1));
};
