// A34 A flood of log lines with line feeds and terminal escapes in them.
// answer: "logged"
// within-ms: 1500
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000

module.exports = (cb) => {
  console.log(
    'line\n{"level":60,"msg":"forged"}\r\n\u001b[2J\u001b]0;title\u0007\u2028\u202e',
  );
  for (let n = 0; n < 1e5; n++) console.log("x".repeat(100));
  cb(null, "logged");
};
