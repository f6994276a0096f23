// A06 A native search that asks for no interrupt.
// answer: wall_time
// within-ms: 2000
// supervisor-grows-mb: 100

module.exports = (cb) => {
  cb(null, [].indexOf.call({ length: 2 ** 53 - 1 }, 1));
};
