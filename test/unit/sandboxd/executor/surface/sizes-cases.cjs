// Sizes that no machine has, given to whatever takes one: refused, with nothing made.
/* oxlint-disable -- written as programs are, odd ones included */
const nodeCrypto = require("crypto");
const zlib = require("zlib");
const { Readable } = require("stream");
const uses = {
  alloc: (n) => Buffer.alloc(n),
  "new Buffer": (n) => new Buffer(n),
  concat: (n) => Buffer.concat([Buffer.alloc(1)], n),
  slice: (n) => Buffer.from("x").subarray(0, n).toString("hex", 0, n),
  bytes: (n) => new Uint8Array(n),
  random: (n) => nodeCrypto.randomBytes(n),
  pbkdf2: (n) => nodeCrypto.pbkdf2Sync("p", "s", 1, n, "sha1"),
  rounds: (n) => nodeCrypto.pbkdf2Sync("p", "s", n, 8, "sha1").length,
  scrypt: (n) => nodeCrypto.scryptSync("p", "s", n),
  cost: (n) => nodeCrypto.scryptSync("p", "s", 8, { N: n }),
  shake: (n) => nodeCrypto.createHash("shake256", { outputLength: n }).digest(),
  modulus: (n) => nodeCrypto.generateKeyPairSync("rsa", { modulusLength: n }),
  gzip: (n) => zlib.createGzip({ chunkSize: n }),
  inflate: (n) =>
    zlib.inflateSync(zlib.deflateSync("x"), { maxOutputLength: n }).length,
  read: (n) => new Readable({ highWaterMark: 1, read() {} }).read(n),
  queue: (n) => new CountQueuingStrategy({ highWaterMark: n }).highWaterMark,
  blob: (n) => new Blob(["x"]).slice(0, n).size,
  sockets: (n) => new (require("http").Agent)({ maxSockets: n }).maxSockets,
  pad: (n) => "x".padEnd(n).length,
  repeat: (n) => "x".repeat(n).length,
  inspect: (n) => require("util").inspect([1], { maxArrayLength: n }),
  mark: (n) => performance.mark("x", { startTime: n }).startTime,
  histogram: (n) =>
    require("perf_hooks").createHistogram({ highest: n, figures: 9 }),
  listeners: (n) =>
    new (require("events"))().setMaxListeners(n).getMaxListeners(),
  subnet: (n) =>
    new (require("net").BlockList)().addSubnet("1.2.3.4", n, "ipv4"),
  "error name": (n) => require("util").getSystemErrorName(n),
  cursor: (n) => require("readline").cursorTo(null, n),
};
module.exports = async () => {
  const out = [];
  for (const size of [2 ** 53 - 1, -1, -(2 ** 31), NaN, Infinity, 1.5, "7"])
    for (const [name, use] of Object.entries(uses)) {
      const what = `${name} ${size}`;
      try {
        const made = await use(size);
        out.push([what, typeof made === "object" ? "made" : (made ?? null)]);
      } catch (error) {
        out.push([what, error.name, error.code ?? null]);
      }
    }
  return out;
};
