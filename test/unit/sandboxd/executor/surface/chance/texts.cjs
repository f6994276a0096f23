// Headers, addresses and encodings, by chance.
/* oxlint-disable -- written as programs are, odd ones included */
const texts = [
  "",
  "a",
  "B",
  "a b",
  "ä",
  "€",
  "😀",
  "\ud800",
  "%41",
  "%zz",
  "+",
  "&",
  "=",
  "?",
  "#",
  "/",
  "..",
  "\t",
  "\n",
  "\0",
  "\u00a0",
  "x".repeat(70),
  "http:",
  "//",
  ":",
  "@",
  "[::1]",
  "1.2.3.4",
  "0x7f.1",
  "ß",
  "xn--a",
  "\\",
  "|",
  "<",
  '"',
  "'",
  "`",
  "{",
  "~",
  "^",
];
const names = [
  "a",
  "B",
  "content-type",
  "Content-Length",
  "set-cookie",
  "x-ä",
  "",
  "a b",
  "accept",
  "cookie",
  "x\n",
];
const values = [
  "",
  "1",
  " 2 ",
  "a, b",
  "ä",
  "€",
  "text/plain;charset=utf-8",
  "\n",
  "a\0b",
  "\tb\t",
  "x".repeat(300),
];
const kinds = [
  "text/plain",
  "Text/HTML; charset=x",
  "",
  "ä/b",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=z",
  "a\n/b",
];

Object.assign(areas, {
  headers({ below, pick, many }) {
    const headers = tried(
      () => new Headers(many(4, () => [pick(names), pick(values)])),
    );
    if (!(headers instanceof Headers)) return headers;
    return many(8, () =>
      tried(() => {
        const [name, value] = [pick(names), pick(values)];
        const method = pick([
          "append",
          "set",
          "delete",
          "get",
          "has",
          "getSetCookie",
          "list",
          "each",
        ]);
        if (method === "list") return [...headers];
        if (method === "each") {
          const seen = [];
          headers.forEach((item, key) => {
            seen.push([key, item]);
            if (below(3) === 0) headers.delete(key);
          });
          return seen;
        }
        return [method, headers[method](name, value)];
      }),
    ).concat([[...headers.keys()], [...headers.values()]]);
  },
  urls({ pick, many }) {
    const text = many(6, () => pick(texts)).join("");
    const bases = [
      undefined,
      "https://u:p@h.example:81/a/b?c#d",
      "file:///x/y",
      "data:a",
      "http://[::1]/",
    ];
    const url = tried(() => new URL(text, pick(bases)));
    const parts = [
      "href",
      "origin",
      "protocol",
      "username",
      "password",
      "host",
      "hostname",
      "port",
      "pathname",
      "search",
      "hash",
    ];
    if (!(url instanceof URL))
      return [text, url, URL.canParse(text), URL.parse(text)];
    const seen = [parts.map((part) => url[part])];
    for (const part of many(5, () =>
      pick(parts.filter((name) => name !== "origin")),
    ))
      seen.push([
        part,
        tried(() => {
          url[part] = many(3, () => pick(texts)).join("");
          return parts.map((name) => url[name]);
        }),
      ]);
    url.searchParams.append(pick(texts), pick(texts));
    url.searchParams.sort();
    return [...seen, url.href, JSON.stringify(url)];
  },
  params({ pick, many }) {
    const given = pick([
      () => many(6, () => pick(texts)).join(pick(["&", "=", ""])),
      () => many(4, () => [pick(texts), pick(texts)]),
      () => Object.fromEntries(many(4, () => [pick(texts), pick(texts)])),
      () => [["a"]],
      () => 5,
      () => null,
      () => [1],
    ])();
    const params = tried(() => new URLSearchParams(given));
    if (!(params instanceof URLSearchParams)) return params;
    return many(8, () =>
      tried(() => {
        const method = pick([
          "append",
          "set",
          "delete",
          "get",
          "getAll",
          "has",
          "sort",
          "toString",
          "size",
        ]);
        if (method === "size") return params.size;
        return [method, params[method](pick(texts), pick(texts))];
      }),
    ).concat([String(params), [...params]]);
  },
  decoders({ pick, many, below }) {
    const labels = [
      "utf-8",
      " UTF8 ",
      "utf-16le",
      "utf-16be",
      "latin1",
      "windows-1252",
      "iso-8859-2",
      "shift_jis",
      "euc-jp",
      "gbk",
      "gb18030",
      "big5",
      "euc-kr",
      "koi8-r",
      "macintosh",
      "x-user-defined",
      "iso-2022-jp",
      "replacement",
      "utf-7",
      "",
      "unicode-1-1-utf-8",
      "windows-874",
      "ibm866",
      "x-mac-cyrillic",
    ];
    const options = {
      fatal: pick([true, false]),
      ignoreBOM: pick([true, false]),
    };
    const decoder = tried(() => new TextDecoder(pick(labels), options));
    if (decoder.thrown) return decoder;
    const bytes = () =>
      Uint8Array.from(
        many(9, () =>
          pick([
            0xef,
            0xbb,
            0xbf,
            0xff,
            0xfe,
            0x41,
            0xc3,
            0xa4,
            0xe2,
            0x82,
            0xac,
            0xf0,
            0x9f,
            0x98,
            0x80,
            0xed,
            0xa0,
            0x80,
            0,
            0xd8,
            below(256),
          ]),
        ),
      );
    return [
      decoder.encoding,
      decoder.fatal,
      decoder.ignoreBOM,
      ...many(5, () =>
        tried(() =>
          decoder.decode(pick([bytes(), bytes().buffer, undefined]), {
            stream: pick([true, false]),
          }),
        ),
      ),
    ];
  },
  encoders({ pick, many, below }) {
    const encoder = new TextEncoder();
    const text = many(8, () => pick(texts)).join("");
    return [
      encoder.encode(text),
      encoder.encodeInto(text, new Uint8Array(below(20))),
      tried(() => btoa(text)),
      tried(() => atob(text)),
      tried(() =>
        atob(
          many(6, () =>
            pick(["YQ==", " ", "\n", "=", "-", "_", "QQ", "Z", "AAAA"]),
          ).join(""),
        ),
      ),
      tried(() => encoder.encodeInto(text, [])),
      tried(() => encoder.encode(Symbol("s"))),
    ];
  },
});
