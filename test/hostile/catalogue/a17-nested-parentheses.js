// A17 A million nested parentheses for the parser.
// answer: threw
// within-ms: 1000
// supervisor-grows-mb: 100

module.exports = (cb) => {
  (0, eval)("(".repeat(1e6));
};
