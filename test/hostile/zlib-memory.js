// expect: {"code":"ERR_ANNEX_LIMIT"}
// Few streams of the most memory each.
const zlib = require("zlib");
const { ZSTD_c_compressionLevel } = zlib.constants;

module.exports = function (cb) {
  const kept = [];
  try {
    for (let n = 0; n < 200; n++)
      kept.push(
        zlib.createZstdCompress({ params: { [ZSTD_c_compressionLevel]: 22 } }),
      );
    cb(null, { made: kept.length });
  } catch ({ code }) {
    cb(null, { code });
  }
};
