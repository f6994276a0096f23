// expect: {"all":"refused"}
// Half a gibibyte of text that takes no memory until somebody reads it: what the host is asked for says no by its length.
const crypto = require("crypto");
const url = require("url");

const rope = "x".repeat(2 ** 29 - 100);
const refused = (answer) => {
  if (!answer) throw new Error("refused");
};
const uses = {
  url: () => new URL(rope),
  base: () => new URL("a", rope),
  scheme: () => new URL(`blob:${rope}`),
  canParse: () => refused(URL.canParse(rope)),
  path: () => (new URL("http://a/").pathname = rope),
  host: () => (new URL("http://a/").host = rope),
  pattern: () => new URLPattern(rope),
  patternPart: () => new URLPattern({ hostname: rope }),
  patternInput: () => refused(new URLPattern().test({ search: rope })),
  toAscii: () => refused(url.domainToASCII(rope)),
  toUnicode: () => refused(url.domainToUnicode(rope)),
  cipher: () => refused(crypto.getCipherInfo(rope)),
  curve: () => crypto.createECDH(rope),
  group: () => crypto.getDiffieHellman(rope),
  jwk: () =>
    crypto.createPublicKey({
      key: { kty: "RSA", e: "AQAB", n: rope },
      format: "jwk",
    }),
  namedCurve: () => crypto.generateKeyPairSync("ec", { namedCurve: rope }),
};
module.exports = (cb) => {
  const taken = [];
  for (const [name, use] of Object.entries(uses))
    try {
      use();
      taken.push(name);
    } catch {}
  cb(null, taken.length ? { taken } : { all: "refused" });
};
