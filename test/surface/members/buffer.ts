import * as buffer from "node:buffer";
import { member, thrown, valuesOf, type Surface } from "../check.ts";
import { bufferNumberChecks } from "../buffer-numbers.ts";
import { blobChecks } from "../blob-checks.ts";

const { Buffer } = buffer;
const encodings = [
  "utf8",
  "utf-16le",
  "latin1",
  "ascii",
  "binary",
  "hex",
  "base64",
  "base64url",
  "ucs2",
] as const;
const text = "hé€💩 text";

export const surface: Surface = {
  module: "buffer",
  checks: {
    ...valuesOf(buffer, ["kMaxLength", "kStringMaxLength", "constants"]),
    ...statics(),
    ...bufferNumberChecks(),
    ...methods(),
    ...slices(),
    transcode: () => [
      buffer.transcode(Buffer.from("€"), "utf8", "latin1"),
      buffer.transcode(Buffer.from("hé"), "utf8", "utf16le"),
      thrown(() => member(buffer, "transcode")(Buffer.from("a"), "b", "hex")),
    ],
    isUtf8: () => [
      buffer.isUtf8(Buffer.from("é")),
      buffer.isUtf8(Buffer.from([0xc0, 0x80])),
    ],
    isAscii: () => [
      buffer.isAscii(Buffer.from("a")),
      buffer.isAscii(Buffer.from("é")),
    ],
    btoa: () => [buffer.btoa("hé"), thrown(() => buffer.btoa("€"))],
    atob: () => [buffer.atob(" aMOp "), thrown(() => buffer.atob("a"))],
    INSPECT_MAX_BYTES: () => buffer.INSPECT_MAX_BYTES,
    ...blobChecks(buffer.Blob, buffer.File),
    resolveObjectURL: async () => {
      const url = URL.createObjectURL(new buffer.Blob(["seen"]));
      const found = buffer.resolveObjectURL(url);
      const got = await found?.text();
      URL.revokeObjectURL(url);
      return [got, buffer.resolveObjectURL(url)];
    },
  },
};

function statics(): Surface["checks"] {
  return {
    Buffer: () => [
      Reflect.construct(Buffer, ["text"]),
      Reflect.construct(Buffer, [[1, 2]]),
      Reflect.construct(Buffer, [3]),
      Reflect.apply(member(buffer, "Buffer"), buffer, ["6869", "hex"]),
      Buffer.from("x") instanceof Uint8Array,
    ],
    "Buffer.poolSize": () => Buffer.poolSize,
    "Buffer.from": () => [
      encodings.map((encoding) => Buffer.from("68656c6c6f_-=", encoding)),
      Buffer.from([1, 256, -1, 1.9]),
      Buffer.from(new Uint16Array([1, 300]).buffer, 1, 2),
      member(Buffer, "from")({ type: "Buffer", data: [1, 2] }),
      member(Buffer, "from")(Object("boxed")),
      thrown(() => member(Buffer, "from")(1)),
      thrown(() => member(Buffer, "from")("a", "nonsense")),
    ],
    "Buffer.copyBytesFrom": () =>
      Buffer.copyBytesFrom(new Uint16Array([1, 2, 3]), 1, 1),
    "Buffer.of": () => Buffer.of(1, 2, 300),
    "Buffer.alloc": () => [
      Buffer.alloc(3),
      Buffer.alloc(5, "ab"),
      Buffer.alloc(4, "aGk=", "base64"),
      thrown(() => Buffer.alloc(-1)),
    ],
    "Buffer.allocUnsafe": () => [
      Buffer.allocUnsafe(10).fill(1),
      thrown(() => Buffer.allocUnsafe(Number.NaN)),
    ],
    "Buffer.allocUnsafeSlow": () => {
      const made = Buffer.allocUnsafeSlow(10);
      return [made.fill(2), made.buffer.byteLength];
    },
    "Buffer.compare": () => [
      Buffer.compare(Buffer.from("a"), Buffer.from("b")),
      Buffer.compare(Buffer.from("b"), Buffer.from("a")),
      Buffer.compare(Buffer.from("a"), new Uint8Array([97])),
    ],
    "Buffer.isBuffer": () => [
      Buffer.isBuffer(Buffer.from("")),
      Buffer.isBuffer(new Uint8Array()),
    ],
    "Buffer.isEncoding": () =>
      [...encodings, "UTF-8", "nonsense", ""].map((each) =>
        Buffer.isEncoding(each),
      ),
    "Buffer.concat": () => [
      Buffer.concat([Buffer.from("a"), new Uint8Array([98, 99])]),
      Buffer.concat([Buffer.from("abc")], 2),
      Buffer.concat([Buffer.from("abc")], 5),
      thrown(() => member(Buffer, "concat")([1])),
    ],
    "Buffer.byteLength": () => [
      encodings.map((encoding) => Buffer.byteLength(text, encoding)),
      Buffer.byteLength(new ArrayBuffer(3)),
    ],
  };
}

function methods(): Surface["checks"] {
  const abc = () => Buffer.from("abcabc");
  return {
    "Buffer#parent": () =>
      Reflect.get(Buffer.from("a"), "parent") === Buffer.from("a").buffer,
    "Buffer#offset": () =>
      Reflect.get(Buffer.from(new ArrayBuffer(8), 3), "offset"),
    "Buffer#copy": () => {
      const target = Buffer.alloc(5, ".");
      return [abc().copy(target, 1, 2, 4), target, abc().copy(target)];
    },
    "Buffer#toString": () => [
      encodings.map((encoding) => Buffer.from(text).toString(encoding)),
      Buffer.from([0xff, 0xe2, 0x82]).toString(),
      abc().toString("utf8", 1, 3),
      thrown(() => member(abc(), "toString")("nonsense")),
    ],
    "Buffer#toLocaleString": () => Buffer.from("hé").toLocaleString(),
    "Buffer#equals": () => [
      abc().equals(Buffer.from("abcabc")),
      abc().equals(Buffer.from("x")),
      thrown(() => member(abc(), "equals")("abc")),
    ],
    "Buffer#inspect": () => [
      member(abc(), "inspect")(),
      member(Buffer.alloc(60), "inspect")(),
    ],
    "Buffer#compare": () => [
      abc().compare(Buffer.from("abd")),
      abc().compare(Buffer.from("xxabcx"), 2, 5, 0, 3),
      thrown(() => abc().compare(Buffer.from("a"), 0, 100)),
    ],
    "Buffer#indexOf": () => [
      abc().indexOf("bc"),
      abc().indexOf(99, 3),
      abc().indexOf(Buffer.from("ca")),
      abc().indexOf("YmM=", 0, "base64"),
      abc().indexOf("z"),
      abc().indexOf("b", -2),
    ],
    "Buffer#lastIndexOf": () => [
      abc().lastIndexOf("bc"),
      abc().lastIndexOf("abc", 2),
      abc().lastIndexOf("z"),
    ],
    "Buffer#includes": () => [abc().includes("ca"), abc().includes("zz")],
    "Buffer#fill": () => [
      abc().fill("xy"),
      abc().fill(0x61, 1, 3),
      abc().fill("6869", "hex"),
      thrown(() => abc().fill("zz", "hex")),
    ],
    "Buffer#write": () => {
      const target = Buffer.alloc(12);
      return [
        target.write("hé"),
        target.write("6869", 4, "hex"),
        target.write("long text", 6, 3),
        target,
        thrown(() => target.write("a", 13)),
      ];
    },
    "Buffer#toJSON": () => JSON.stringify(abc()),
    "Buffer#subarray": () => {
      const whole = abc();
      whole.subarray(1, -1)[0] = 0x7a;
      return [whole, Buffer.isBuffer(whole.subarray(1))];
    },
    "Buffer#slice": () => {
      const whole = abc();
      member(whole, "slice")(-2)[0] = 0x7a;
      return whole;
    },
    "Buffer#swap16": () => [
      abc().swap16(),
      thrown(() => Buffer.alloc(3).swap16()),
    ],
    "Buffer#swap32": () => [
      Buffer.from("abcdefgh").swap32(),
      thrown(() => abc().swap32()),
    ],
    "Buffer#swap64": () => Buffer.from("abcdefgh").swap64(),
  };
}

/** The undocumented pairs that `toString` and `write` are made of; packages use them. */
function slices(): Surface["checks"] {
  const names = [
    "ascii",
    "base64",
    "base64url",
    "latin1",
    "hex",
    "ucs2",
    "utf8",
  ];
  const checks: Surface["checks"] = {};
  for (const name of names) {
    checks[`Buffer#${name}Slice`] = () => [
      member(Buffer.from(text), `${name}Slice`)(),
      member(Buffer.from(text), `${name}Slice`)(1, 6),
    ];
    checks[`Buffer#${name}Write`] = () => {
      const target = Buffer.alloc(10);
      const write = member(target, `${name}Write`);
      return [write("6869", 1, 8), target];
    };
  }
  return checks;
}
