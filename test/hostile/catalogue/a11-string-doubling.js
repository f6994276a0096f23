// A11 A string doubled until it is too long.
// answer: threw
// within-ms: 1000
// supervisor-grows-mb: 100

module.exports = (cb) => {
  let text = "x";
  for (;;) text += text;
};
