// A01 An endless loop.
// answer: sync_time
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (cb) => {
  for (;;);
};
