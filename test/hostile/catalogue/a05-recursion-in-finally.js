// A05 Recursion that survives its stack's end in `finally`.
// answer: sync_time
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (cb) => {
  const deeper = () => {
    try {
      deeper();
    } finally {
      deeper();
    }
  };
  deeper();
};
