// expect: {"well":true}
JSON.stringify = () => '"hijacked"';
JSON.parse = () => ({ hijacked: true });
Object.prototype.toJSON = function () {
  return this === globalThis ? undefined : this;
};
String.prototype.toJSON = () => "hijacked";
module.exports = function (ctx, cb) {
  if (ctx.hijacked) throw new Error("the context was hijacked");
  cb(null, { well: true });
};
