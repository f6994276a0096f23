// A13 A buffer that reserves little and grows past every limit.
// answer: threw memory executor_lost
// within-ms: 1500
// supervisor-grows-mb: 100
// limits: sync-ms=1000 wall-ms=4000

module.exports = (cb) => {
  const buffer = new ArrayBuffer(1, { maxByteLength: 1_500_000_000 });
  buffer.resize(1_500_000_000);
  new Uint8Array(buffer).fill(1);
  cb(null, buffer.byteLength);
};
