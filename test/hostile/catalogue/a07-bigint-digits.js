// A07 The digits of a huge BigInt: one native call of many seconds.
// answer: wall_time memory threw
// within-ms: 2000
// supervisor-grows-mb: 100

module.exports = (cb) => {
  cb(null, (7n ** 8000000n).toString().length);
};
