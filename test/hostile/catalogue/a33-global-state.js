// A33 State left in globals: of one version only, never of another version or container.
// answer: {"seen":"undefined"}
// within-ms: 500
// supervisor-grows-mb: 100
// also: next-version other-container

module.exports = (cb) => {
  const seen = typeof globalThis.left;
  globalThis.left = "behind";
  Object.prototype.left = "behind";
  delete Object.prototype.left;
  cb(null, { seen });
};
