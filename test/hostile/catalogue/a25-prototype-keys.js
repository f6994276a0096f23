// A25 Names of prototypes as keys of what comes and goes.
// answer: {"polluted":"undefined","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}
// within-ms: 500
// supervisor-grows-mb: 100

module.exports = (ctx, cb) => {
  const answer = JSON.parse(
    '{"polluted":"","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}',
  );
  answer.polluted = typeof {}.polluted;
  cb(null, answer);
};
