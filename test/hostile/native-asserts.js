// expect: {"alive":true}
// Numbers of which Node's own bindings make an end of the process: whoever passes them on must not.
const { createCipheriv } = require("crypto");
const { HTTPParser } = require("_http_common");
const zlib = require("zlib");
const odd = [NaN, 0.5, -1, 2 ** 31, 2 ** 32, 2 ** 53, "x", null, {}, [[1]]];
const attempt = (work) => {
  try {
    work();
  } catch {
    // Refused, which is as good.
  }
};
module.exports = (cb) => {
  for (const number of odd) {
    attempt(() => new HTTPParser().initialize(1, {}, 0, number));
    attempt(() => new HTTPParser().initialize(number, {}, number, number));
    for (const mode of ["gcm", "ccm"])
      attempt(() =>
        createCipheriv(`aes-128-${mode}`, Buffer.alloc(16), Buffer.alloc(12), {
          authTagLength: 16,
        }).setAAD(Buffer.alloc(4), { plaintextLength: number }),
      );
    attempt(() => zlib.crc32("x", number));
    attempt(() => zlib.createGzip().params(number, number, () => {}));
  }
  cb(null, { alive: true });
};
