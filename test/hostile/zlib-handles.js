// expect: {"made":256,"code":"ERR_ANNEX_LIMIT","again":"abc"}
// Ten thousand streams, none of them closed.
const zlib = require("zlib");

module.exports = function (cb) {
  const kept = [];
  let code;
  for (let n = 0; n < 10_000 && !code; n++) {
    try {
      kept.push(zlib.createInflate());
    } catch (error) {
      ({ code } = error);
    }
  }
  const made = kept.length;
  for (const stream of kept) stream.close();
  cb(null, {
    made,
    code,
    again: String(zlib.inflateSync(zlib.deflateSync("abc"))),
  });
};
