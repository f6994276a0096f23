// expect: {"well":true}
const hijack = () => {
  throw new Error("hijacked");
};
Array.prototype[Symbol.iterator] = hijack;
Array.prototype.push = hijack;
Array.prototype.join = hijack;
Array.prototype.map = hijack;
Map.prototype.get = hijack;
Map.prototype.set = hijack;
String.prototype.slice = hijack;
String.prototype.indexOf = hijack;
String.prototype.toLowerCase = hijack;
Function.prototype.call = hijack;
Function.prototype.apply = hijack;
Function.prototype.bind = hijack;
Reflect.apply = hijack;
Object.keys = hijack;
Object.defineProperty = hijack;
Number.isFinite = hijack;
Date.now = hijack;
Math.floor = hijack;
globalThis.String = hijack;
globalThis.Number = hijack;
globalThis.Object = hijack;
module.exports = function (ctx, cb) {
  console.log("a line");
  setTimeout(() => cb(null, { well: true }), 1);
};
