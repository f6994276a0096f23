// A08 A regular expression that backtracks for ever.
// answer: sync_time
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (cb) => {
  cb(null, /^(a+)+$/.test("a".repeat(40) + "b"));
};
