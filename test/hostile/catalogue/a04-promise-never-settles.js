// A04 A promise that never settles.
// answer: wall_time
// within-ms: 1200
// supervisor-grows-mb: 100

module.exports = async (ctx) => {
  await new Promise(() => {});
};
