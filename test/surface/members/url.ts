import url from "node:url";
import { member, thrown, type Surface } from "../check.ts";
import { urlPatternChecks } from "../url-pattern-checks.ts";

const addresses = [
  "http://user:pass@sub.example.com:8080/p/a/t/h?query=string#hash",
  "https://EXAMPLE.com",
  "//host/path",
  "/just/path?a=b&a=c",
  "mailto:a@b.c",
  "javascript:alert(1)",
  "http://a.com/ space\t<>`{}|\\^",
  "http://[::1]:80/x",
  "file:///etc/passwd",
  "x:y",
  "",
];

export const surface: Surface = {
  module: "url",
  checks: {
    Url: () =>
      Object.keys(Object(Reflect.construct(Reflect.get(url, "Url"), []))),
    parse: () => [
      addresses.map((each) => ({ ...url.parse(each) })),
      { ...url.parse("/x?a=1&a=2", true).query },
      { ...url.parse("//host/path", false, true) },
      thrown(() => member(url, "parse")(1)),
      thrown(() => url.parse("http://a:bad/")),
    ],
    resolve: () => [
      url.resolve("/one/two/three", "four"),
      url.resolve("http://example.com/one", "../two?x#y"),
      url.resolve("http://example.com/a/b", "//other.com/c"),
    ],
    resolveObject: () => ({
      ...member(url, "resolveObject")("http://a.com/b/c", "../d"),
    }),
    format: () => [
      url.format({
        protocol: "https",
        hostname: "a.com",
        port: 8,
        pathname: "/p#?",
        query: { a: [1, 2], b: "c d" },
        hash: "h",
      }),
      url.format(new URL("http://u:p@測試.com/a?b#c"), {
        auth: false,
        fragment: false,
        search: false,
        unicode: true,
      }),
      url.format("http://a.com:80/ b"),
    ],
    URL: () => [
      new url.URL("../b?c", "http://a.com/d/e").href,
      url.URL === URL,
    ],
    URLSearchParams: () => [
      String(new url.URLSearchParams({ a: "b c" })),
      url.URLSearchParams === URLSearchParams,
    ],
    ...urlPatternChecks(url.URLPattern),
    domainToASCII: () => [
      url.domainToASCII("español.com"),
      url.domainToASCII("xn--iñvalid.com"),
    ],
    domainToUnicode: () => url.domainToUnicode("xn--espaol-zwa.com"),
    pathToFileURL: () => [
      url.pathToFileURL("/a b/#c?.txt").href,
      url.pathToFileURL("C:\\a\\b", { windows: true }).href,
    ],
    fileURLToPath: () => [
      url.fileURLToPath("file:///a%20b/c"),
      url.fileURLToPath("file:///C:/a", { windows: true }),
      thrown(() => url.fileURLToPath("http://a.com")),
      thrown(() => url.fileURLToPath("file:///a%2Fb")),
    ],
    fileURLToPathBuffer: () => String(url.fileURLToPathBuffer("file:///a%20b")),
    urlToHttpOptions: () => ({
      ...url.urlToHttpOptions(new URL("https://a:b@測試.com:81/p?q#h")),
    }),
  },
};
