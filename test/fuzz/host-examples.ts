/** Calls of the executor's own Node that do something, as the texts of their arguments: chance alone would get no further than their first check. */

const bytes = "new Uint8Array(16)";
const piece = "new Uint8Array(1000).fill(7)";
const ecKey = `{ id: 5, kind: "private", format: "jwk", data: { kty: "EC", crv: "P-256", x: "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0", y: "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps", d: "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo" } }`;
const okpKey = `{ id: 6, kind: "private", format: "jwk", data: { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A" } }`;
const curve = `{ id: 9, curve: "P-256" }`;
const group = `{ id: 10, group: "modp14" }`;

export const hostExamples: Record<string, readonly string[][]> = {
  clock: [[]],
  heap: [[]],
  random: [["16"], ["65536"]],
  stack: [['"Error: x\\n    at f (extension.js:1:2)\\n    at a:1:1"'], ["1"]],
  "text.decode": [
    [piece, '"utf8"'],
    [piece, '"utf8-strict"'],
  ],
  "text.bytes": [['"text"']],
  "text.encode": [['"text"']],
  "text.transcode": [
    [piece, '"utf8"', '"latin1"'],
    [piece, '"latin1"', '"ucs2"'],
  ],
  "text.toASCII": [['"é.example"']],
  "text.toUnicode": [['"xn--9ca.example"']],
  "text.knows": [['"gbk"']],
  "text.convert": [
    ['"gbk"', "0", piece],
    ['"gbk"', "2", piece, "1"],
  ],
  "text.open": [
    ['"gbk"', "0"],
    ['"big5"', "2"],
  ],
  "text.continue": [["1", piece]],
  "parser.open": [
    ["1", "0", "0"],
    ["2", "16384", "1023"],
  ],
  "parser.execute": [
    ["1", requestBytes()],
    ["2", answerBytes(), '"GET"'],
    ["1", answerBytes()],
  ],
  "parser.finish": [["1"], ["2"]],
  "parser.pause": [
    ["1", "true"],
    ["1", "false"],
  ],
  "parser.close": [["3"]],
  "zlib.open": Array.from({ length: 11 }, (_, at) => [
    String(at + 1),
    "{ level: 6, windowBits: 15, memLevel: 8, params: [] }",
  ]),
  "zlib.write": [1, 2, 3, 9, 10].flatMap((id) => [
    [String(id), "0", piece, "65536"],
    [String(id), "2", piece, "10"],
    [String(id), "4", piece, "100"],
    [String(id), "5", piece, "100"],
  ]),
  "zlib.params": [
    ["1", "9", "0"],
    ["2", "1", "2"],
  ],
  "zlib.reset": [["1"], ["9"]],
  "zlib.close": [["4"]],
  "zlib.crc32": [[piece, "0"]],
  "url-parse": [
    ['"http://a.example/x?y#z"'],
    ['"../x"', '"http://é.example/a/b"'],
  ],
  "url-update": [0, 1, 2, 3, 6].map((at) => [
    '"http://a.example/"',
    String(at),
    '"b"',
  ]),
  "url-format": [['"http://é.example/"', "true", "true", "true", "true"]],
  "url-origin": [['"blob:http://é.example/"'], ['"http://a.example/"']],
  "url-domain-to-ascii": [['"é.example"']],
  "url-domain-to-unicode": [['"xn--9ca.example"']],
  "url-pattern-parts": [
    ['"https://a.example/:b(x+)"'],
    ["{ pathname: '/:a' }", '"http://a"', "true"],
  ],
  "url-pattern-input": [
    ['"https://a.example/b"'],
    ["{ pathname: '/a' }", '"http://a"'],
  ],
  "crypto.hashes": [[]],
  "crypto.macs": [[]],
  "crypto.ciphers": [[]],
  "crypto.curves": [[]],
  "crypto.hash.check": [['"sha256"', "{}"]],
  "crypto.sign.check": [['"sha256"']],
  "crypto.verify.check": [['"sha256"']],
  "crypto.hmac.check": [['"sha256"']],
  "crypto.mac.check": [['"kmac-128"', `{ key: ${bytes} }`]],
  "crypto.hash": [
    ['"sha256"', "undefined", piece, '"hex"'],
    ['"shake128"', "{ outputLength: 100 }", piece],
  ],
  "crypto.hmac": [['"sha256"', bytes, piece, '"hex"']],
  "crypto.mac": [['"kmac-128"', `{ key: ${bytes}, outputLength: 32 }`, piece]],
  "crypto.hash.open": [
    ["1", '"sha256"', "{}"],
    ["2", '"shake256"', "{ outputLength: 64 }"],
  ],
  "crypto.hash.copy": [["3", "1", "{}"]],
  "crypto.hmac.open": [["4", '"sha256"', bytes]],
  "crypto.mac.open": [["5", '"kmac-128"', `{ key: ${bytes} }`]],
  "crypto.digest.update": [
    ["1", piece],
    ["4", piece],
    ["5", piece],
  ],
  "crypto.digest.end": [["2", '"hex"'], ["5"]],
  "crypto.cipher.info": [['"aes-128-gcm"', "{ keyLength: 16 }"], ["418"]],
  "crypto.cipher.open": [
    ["1", "true", '"aes-128-gcm"', bytes, "new Uint8Array(12)", "{}"],
    [
      "2",
      "false",
      '"aes-128-gcm"',
      bytes,
      "new Uint8Array(12)",
      "{ authTagLength: 16 }",
    ],
    ["3", "true", '"aes-128-cbc"', bytes, bytes, "{}"],
    [
      "4",
      "true",
      '"aes-128-ccm"',
      bytes,
      "new Uint8Array(12)",
      "{ authTagLength: 8 }",
    ],
    ["5", "true", '"aes-128-cfb1"', bytes, bytes, "{}"],
    ["6", "true", '"id-aes128-wrap"', bytes, "new Uint8Array(8)", "{}"],
    ["7", "true", '"aes-128-ecb"', bytes, "null", "{}"],
  ],
  "crypto.cipher.update": [1, 2, 3, 4, 5, 6, 7].map((id) => [
    String(id),
    piece,
  ]),
  "crypto.cipher.end": [["3"], ["1"], ["2"]],
  "crypto.cipher.tag": [["2", bytes]],
  "crypto.cipher.extra": [
    ["1", piece, "1000"],
    ["4", piece, "1000"],
  ],
  "crypto.cipher.padding": [["3", "false"]],
  "crypto.key": [[ecKey], [okpKey]],
  "crypto.key.details": [[ecKey], ["{ id: 20, from: { id: 5 } }"]],
  "crypto.key.equals": [[ecKey, okpKey]],
  "crypto.key.export": [
    [
      ecKey,
      "{ format: 'pem', type: 'pkcs8', cipher: 'aes-128-cbc', passphrase: new Uint8Array(4) }",
    ],
    [okpKey, "{ format: 'jwk' }"],
  ],
  "crypto.key.generate": [
    ["21", "22", '"ec"', "{ namedCurve: 'P-256' }"],
    ["23", "24", '"rsa"', "{ modulusLength: 512, publicExponent: 65537 }"],
    ["25", "26", '"x25519"', "{}"],
    ["27", "28", '"dh"', "{ group: 'modp14' }"],
    ["29", "30", '"ml-dsa-44"', "{}"],
    ["31", "32", '"dsa"', "{ modulusLength: 512, divisorLength: 160 }"],
  ],
  "crypto.sign": [['"sha256"', piece, ecKey, "{ dsaEncoding: 'der' }"]],
  "crypto.verify": [['"sha256"', piece, ecKey, "{}", piece]],
  "crypto.sign.open": [["1", '"sha256"']],
  "crypto.verify.open": [["2", '"sha256"']],
  "crypto.sign.update": [
    ["1", piece],
    ["2", piece],
  ],
  "crypto.sign.end": [["1", ecKey, "{}"]],
  "crypto.verify.end": [["2", ecKey, "{}", piece]],
  "crypto.sign.once": [["null", piece, okpKey, "{}"]],
  "crypto.verify.once": [["null", piece, okpKey, "{}", "new Uint8Array(64)"]],
  "crypto.rsa": [
    [
      '"publicEncrypt"',
      "{ id: 23 }",
      bytes,
      "{ padding: 4, oaepHash: 'sha1' }",
    ],
    ['"privateDecrypt"', "{ id: 24 }", "new Uint8Array(64)", "{ padding: 1 }"],
  ],
  "crypto.agree": [
    ["{ id: 25 }", "{ id: 26 }"],
    ["{ id: 27 }", "{ id: 28 }"],
  ],
  "crypto.encapsulate": [["{ id: 25 }"]],
  "crypto.decapsulate": [["{ id: 26 }", "new Uint8Array(32)"]],
  "crypto.random": [["16"]],
  "crypto.pbkdf2": [
    [bytes, bytes, "1000", "32", '"sha256"'],
    [bytes, bytes, "1", "4 * 2**20", '"sha256"'],
  ],
  "crypto.scrypt": [
    [bytes, bytes, "32", "1024", "8", "1", "2**26"],
    [bytes, bytes, "32", "2", "8", "2**12", "2**27"],
  ],
  "crypto.hkdf": [['"sha256"', bytes, bytes, bytes, "32"]],
  "crypto.argon2": [["2", bytes, bytes, "1", "32", "64", "2", bytes, bytes]],
  "crypto.prime": [
    ["64", "false"],
    ["64", "true"],
    ["64", "false", "new Uint8Array([12])", "new Uint8Array([11])"],
  ],
  "crypto.prime.check": [["new Uint8Array([101])", "4"]],
  "crypto.exchange": [
    [curve],
    [group],
    ["{ id: 11, prime: 64, generator: 2 }"],
  ],
  "crypto.exchange.generate": [[curve], [group]],
  "crypto.exchange.secret": [
    [curve, piece],
    [group, "new Uint8Array(200).fill(9)"],
  ],
  "crypto.exchange.setPrivate": [
    [curve, "new Uint8Array(32).fill(1)"],
    [group, bytes],
  ],
  "crypto.exchange.setPublic": [[group, bytes]],
  "crypto.exchange.public": [[curve, '"compressed"'], [group]],
  "crypto.exchange.private": [[curve]],
  "crypto.exchange.convert": [
    ["new Uint8Array(33).fill(2)", '"P-256"', '"uncompressed"'],
  ],
  "crypto.x509": [[piece]],
  "crypto.x509.legacy": [[piece]],
  "crypto.x509.asks": [[piece, '"checkHost"', '"a.example"', "0"]],
  "crypto.x509.publicKey": [[piece]],
  "crypto.x509.issued": [[piece, piece]],
  "crypto.x509.private": [[piece, ecKey]],
  "crypto.x509.verify": [[piece, ecKey]],
  "crypto.spkac.verify": [[piece]],
  "crypto.spkac.publicKey": [[piece]],
  "crypto.spkac.challenge": [[piece]],
  "crypto.rootCertificates": [[]],
  "crypto.tlsCiphers": [[]],
};

function requestBytes(): string {
  return codesOf(
    "POST /x HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabcGET / HTTP/1.1\r\n\r\n",
  );
}

function answerBytes(): string {
  return codesOf(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
  );
}

function codesOf(text: string): string {
  return `new Uint8Array([${[...Buffer.from(text)].join()}])`;
}
