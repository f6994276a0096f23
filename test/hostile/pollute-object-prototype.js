// expect: {"then":"untouched"}
for (const name of [
  "copy",
  "reference",
  "result",
  "arguments",
  "timeout",
  "promise",
  "externalCopy",
  "release",
  "get",
  "set",
  "writable",
  "kind",
  "call",
  "next",
  "httpStatus",
  "contentType",
])
  Object.prototype[name] = { reference: true };
Object.prototype.toJSON = undefined;
module.exports = function (ctx, cb) {
  cb(null, { then: "untouched" });
};
