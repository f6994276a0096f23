// expect: memory sync_time
// A gibibyte out of a mebibyte, all at once.
const zlib = require("zlib");

const member = zlib.gzipSync(Buffer.alloc(1024 * 1024), { level: 9 });
const packed = Buffer.concat(Array(1024).fill(member));

module.exports = function (cb) {
  cb(null, zlib.gunzipSync(packed).length);
};
