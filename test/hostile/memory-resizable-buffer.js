// expect: {"byteLength":1,"resizable":false,"resize":"undefined"}
module.exports = function (ctx, cb) {
  const buffer = new ArrayBuffer(1, { maxByteLength: 1.5e9 });
  const { byteLength, resizable } = buffer;
  cb(null, { byteLength, resizable, resize: typeof buffer.resize });
};
