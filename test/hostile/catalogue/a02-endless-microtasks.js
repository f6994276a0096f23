// A02 Microtasks that beget microtasks.
// answer: sync_time memory
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (cb) => {
  const again = () => Promise.resolve().then(again);
  again();
};
