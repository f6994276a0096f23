// expect: {"survived":true}
// Every part of the library is given bytes whose buffer has been moved away, before the call or while it is read.
const { Readable } = require("stream");
const detached = () => {
  const bytes = new Uint8Array(64);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
};
/** Moved away when its length is asked for. */
const leaving = () => {
  const bytes = new Uint8Array(64);
  Object.defineProperty(bytes, "byteLength", {
    get() {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return 64;
    },
  });
  return bytes;
};
const fs = require("fs");
const zlib = require("zlib");
const uses = [
  (b) => fs.writeFileSync("/tmp/x", b),
  (b) => fs.readSync(fs.openSync("/tmp/y", "w+"), b, 0, 64, 0),
  (b) => fs.writevSync(fs.openSync("/tmp/y", "w+"), [b, b]),
  (b) => zlib.gzipSync(b),
  (b) => zlib.inflateSync(b),
  (b) => zlib.crc32(b),
  (b) => Buffer.from(b).toString("hex"),
  (b) => Buffer.from(b.buffer, 0, 64).fill(1),
  (b) => Buffer.concat([b, b], 128),
  (b) => Buffer.compare(b, b),
  (b) => Buffer.prototype.copy.call(b, Buffer.alloc(64), 0, 0, 64),
  (b) => Buffer.prototype.write.call(b, "text", 0, 64, "utf8"),
  (b) => Buffer.prototype.indexOf.call(b, "x"),
  (b) => new TextDecoder("gbk").decode(b),
  (b) => new TextDecoder().decode(b),
  (b) => new TextEncoder().encodeInto("text", b),
  (b) => new (require("string_decoder").StringDecoder)("utf16le").write(b),
  (b) => new Blob([b]).arrayBuffer(),
  (b) => new Response(b).text(),
  (b) => new Request("http://h/", { method: "POST", body: b }).text(),
  (b) => structuredClone(b),
  (b) => new MessageChannel().port1.postMessage(b, [b.buffer]),
  (b) => crypto.getRandomValues(b),
  (b) => crypto.subtle.digest("SHA-256", b),
  (b) => require("crypto").createHash("sha256").update(b).digest(),
  (b) => require("crypto").timingSafeEqual(b, b),
  (b) => require("crypto").randomFillSync(b),
  (b) => require("util").inspect(b, { showHidden: true }),
  (b) => require("v8").serialize(b),
  (b) => require("assert").deepStrictEqual(b, detached()),
  (b) => require("vm").runInNewContext("b.fill(1)", { b }),
  (b) => require("querystring").unescapeBuffer(b),
  (b) => Readable.from([b]).toArray(),
  (b) => new Response(Readable.toWeb(Readable.from([b]))).bytes(),
  (b) => new Response(b).body.pipeThrough(new CompressionStream("gzip")),
  (b) => console.log(b),
];
module.exports = async function () {
  for (const make of [detached, leaving])
    for (const use of uses)
      try {
        await use(make());
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
  return { survived: true };
};
