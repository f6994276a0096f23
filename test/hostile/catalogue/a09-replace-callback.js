// A09 A callback for each of 1e8 characters: memory past the heap limit.
// answer: sync_time wall_time memory threw executor_lost
// within-ms: 2000
// supervisor-grows-mb: 100

module.exports = (cb) => {
  const text = "a".repeat(1e8);
  cb(null, text.replace(/a/g, (one) => one + one).length);
};
