// A05 Recursion without end.
// answer: threw
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (cb) => {
  const deeper = () => deeper() + 1;
  deeper();
};
