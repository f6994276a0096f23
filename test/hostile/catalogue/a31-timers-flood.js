// A31 A hundred thousand host calls at once.
// answer: threw rejected sync_time memory cpu_time
// within-ms: 1500
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000

module.exports = (cb) => {
  for (let n = 0; n < 1e5; n++) setTimeout(() => {}, 1000);
};
