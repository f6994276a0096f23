// expect: threw memory sync_time
// Texts that the host decoded are kept: they count as memory of this isolate, wherever they lie.
module.exports = function (ctx, cb) {
  const bytes = Buffer.alloc(8 * 1024 * 1024, "x");
  const kept = [];
  for (let at = 0; at < 100; at++) kept.push(bytes.toString("latin1"));
  cb(null, kept.length);
};
