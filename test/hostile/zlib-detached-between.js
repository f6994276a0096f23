// expect: {"errors":["Z_BUF_ERROR","Z_BUF_ERROR"],"text":"sound"}
// Bytes that are taken away between the asking and the work: whoever asked is told, and the next stream is sound.
const zlib = require("zlib");

const asked = (work) =>
  new Promise((resolve) => {
    const bytes = new Uint8Array(new ArrayBuffer(4096)).fill(97);
    work(bytes, (error) => resolve(error && error.code));
    structuredClone(0, { transfer: [bytes.buffer] });
  });

module.exports = async () => ({
  errors: [await asked(zlib.deflate), await asked(zlib.brotliCompress)],
  text: zlib.gunzipSync(zlib.gzipSync("sound")).toString(),
});
