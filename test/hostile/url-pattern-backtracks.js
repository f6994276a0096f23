// expect: sync_time
// Matching runs inside, where a clock ends it; the host only reads the pattern.
module.exports = function (cb) {
  const pattern = new URLPattern({
    pathname: "/" + ":a(a*)(a*)*".repeat(1) + "b",
  });
  cb(null, pattern.test({ pathname: "/" + "a".repeat(5000) + "c" }));
};
