// A03 A loop in code that a host call resumed.
// answer: sync_time
// within-ms: 600
// supervisor-grows-mb: 100

module.exports = async (ctx) => {
  await new Promise((resolve) => setTimeout(resolve, 5));
  for (;;);
};
