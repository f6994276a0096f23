// expect: callback_error
globalThis.String = () => {
  throw new Error("hijacked");
};
Error.prototype.toString = globalThis.String;
Object.defineProperty(Object.prototype, "statusCode", { value: 299 });
module.exports = function (ctx, cb) {
  cb(new Error("plain"));
};
