// expect: sync_time cpu_time wall_time
// A stream that is unpacked and packed again for ever, nothing of it kept.
const zlib = require("zlib");

module.exports = function (_cb) {
  const packed = zlib.gzipSync(Buffer.alloc(4 * 1024 * 1024));
  const gunzip = zlib.createGunzip();
  gunzip.resume();
  const feed = () => gunzip.write(packed, feed);
  feed();
};
