// A15 Filling an array of 1e9: V8 may abort the process.
// answer: sync_time wall_time memory executor_lost threw
// within-ms: 2000
// supervisor-grows-mb: 100

module.exports = (cb) => {
  cb(null, Array(1e9).fill(0).length);
};
