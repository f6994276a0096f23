// expect: cpu_time sync_time wall_time
// The dearest settings there are, for as long as they are served.
const zlib = require("zlib");
const { BROTLI_PARAM_LGBLOCK, BROTLI_PARAM_LGWIN, ZSTD_c_compressionLevel } =
  zlib.constants;

module.exports = function (_cb) {
  const bytes = Buffer.alloc(1024 * 1024);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * at) >> 7;
  for (;;) {
    zlib.brotliCompressSync(bytes, {
      params: { [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_LGBLOCK]: 24 },
    });
    zlib.zstdCompressSync(bytes, { params: { [ZSTD_c_compressionLevel]: 22 } });
  }
};
