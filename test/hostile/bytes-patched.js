// expect: answered
// Everything that bytes stand on is patched, taken away or lies: what comes out may be wrong, and is only this guest's.
const bytes = Buffer.from("text");
for (const name of ["set", "fill", "subarray", "slice", "indexOf", "toHex"])
  Uint8Array.prototype[name] = () => {
    throw new Error(name);
  };
Object.defineProperty(bytes, "length", { get: () => 2 ** 40 });
Object.defineProperty(bytes, "byteLength", { value: -1 });
const attempt = (call) => {
  try {
    call();
  } catch {}
};
module.exports = function (ctx, cb) {
  const gone = new Uint8Array(4096);
  gone.buffer.transfer();
  attempt(() => bytes.toString());
  attempt(() => bytes.toString("hex", 0, 2 ** 40));
  attempt(() => Buffer.from(gone.buffer).toString());
  attempt(() => Buffer.prototype.utf8Slice.call(gone, 0, 4096));
  attempt(() => Buffer.prototype.utf8Write.call(gone, "x".repeat(9000), 0, 9));
  attempt(() => Buffer.allocUnsafe(2 ** 45));
  attempt(() => Buffer.alloc(1, { toString: () => "x".repeat(2 ** 29) }));
  for (let at = 0; at < 1000; at++)
    new TextDecoder("big5").decode(Uint8Array.of(0xa4), { stream: true });
  cb(null, "ok");
};
