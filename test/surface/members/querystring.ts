import querystring from "node:querystring";
import { member, type Surface } from "../check.ts";

export const surface: Surface = {
  module: "querystring",
  checks: {
    unescapeBuffer: () =>
      String(member(querystring, "unescapeBuffer")("a%20b%zz%c3%a9")),
    unescape: () => [
      querystring.unescape("a%20b+c"),
      querystring.unescape("%E0%A4%A"),
    ],
    escape: () => querystring.escape("a b&c=d/é✓'()*!~"),
    stringify: () => [
      querystring.stringify({
        a: [1, "two", true],
        b: "x y",
        c: "",
        d: null,
        e: Number.NaN,
        f: 12n,
      }),
      querystring.stringify({ a: "b", c: "d" }, ";", ":"),
      querystring.stringify({ a: "é" }, "&", "=", {
        encodeURIComponent: (text) => `<${text}>`,
      }),
    ],
    encode: () => querystring.encode({ w: "中文", foo: ["bar", "baz"] }),
    parse: () => [
      querystring.parse("a=1&b=2&a=3&c&=d&e=%20+%zz"),
      querystring.parse("a:1;b:2", ";", ":"),
      querystring.parse("a=1&b=2&c=3", "&", "=", { maxKeys: 2 }),
      Object.getPrototypeOf(querystring.parse("")) === null,
    ],
    decode: () => querystring.decode("w=%E4%B8%AD&foo=bar&foo=baz"),
  },
};
