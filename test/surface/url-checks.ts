/** Checks of URL and URLSearchParams. */
import { member, thrown, type Check } from "./check.ts";

const address =
  "https://user:pa%20ss@sub.Example.com:8080/p/../a th?q=1&r#frag";

export function urlChecks(): Record<string, Check> {
  return { ...ofUrl(), ...ofParams() };
}

/** What is read, and what is set to see its effect on the whole. */
const settable: [name: string, values: string[]][] = [
  ["href", ["http://other.com/x", "ftp://h/"]],
  ["protocol", ["http", "nonsense", "ws:"]],
  ["username", ["ü@"]],
  ["password", ["", "p:w"]],
  ["host", ["other.com:81", "x.com"]],
  ["hostname", ["other.com:81", "測試"]],
  ["port", ["443", "99999", "12x"]],
  ["pathname", ["b/c d", ""]],
  ["search", ["?x=ü'", ""]],
  ["hash", ["new one", ""]],
];

function ofUrl(): Record<string, Check> {
  const made = () => new URL(address);
  const checks = settable.map(([name, values]): [string, Check] => [
    `URL#${name}`,
    () => [
      Reflect.get(made(), name),
      values.map((value) => {
        const url = made();
        Reflect.set(url, name, value);
        return url.href;
      }),
    ],
  ]);
  return {
    ...Object.fromEntries(checks),
    URL: () => [
      new URL("../b?c#d", "http://a.com/d/e/f").href,
      new URL("http://EXAMPLE.com:80/%7Efoo/../bar").href,
      new URL("http://0x7f.1/").hostname,
      new URL("http://[2001:db8::0:1]/").host,
      new URL("data:text/plain,a b").pathname,
      thrown(() => new URL("nonsense")),
      thrown(() => new URL("http://a b/")),
    ],
    "URL#toString": () => made().toString(),
    "URL#toJSON": () => JSON.stringify({ at: made() }),
    "URL#origin": () => [
      made().origin,
      new URL("blob:https://a.com/x").origin,
      new URL("file:///a").origin,
    ],
    "URL#searchParams": () => {
      const url = made();
      url.searchParams.append("s", "t u");
      const first = url.href;
      url.search = "?z=1";
      return [first, url.searchParams.get("z")];
    },
    "URL.parse": () => [
      URL.parse("/a", "http://b.com")?.href,
      URL.parse("nonsense"),
    ],
    "URL.canParse": () => [
      URL.canParse("/a", "http://b.com"),
      URL.canParse("nonsense"),
    ],
    "URL.createObjectURL": () => {
      const url = URL.createObjectURL(new Blob(["x"]));
      URL.revokeObjectURL(url);
      return url.startsWith("blob:nodedata:");
    },
    "URL.revokeObjectURL": () => [
      URL.revokeObjectURL("blob:nodedata:none"),
      thrown(() => member(URL, "revokeObjectURL")()),
    ],
  };
}

function ofParams(): Record<string, Check> {
  const made = () => new URLSearchParams("a=1&b=2&a=3&c");
  const changed = (change: (params: URLSearchParams) => unknown) => {
    const params = made();
    return [change(params), String(params)];
  };
  return {
    URLSearchParams: () => [
      String(new URLSearchParams("?a=b+c&d=%20&e=%zz&&=x")),
      String(
        new URLSearchParams([
          ["a", "b"],
          ["a", "c"],
        ]),
      ),
      String(new URLSearchParams({ é: "&=" })),
      String(Reflect.construct(URLSearchParams, [new Map([["k", "v"]])])),
      thrown(() => Reflect.construct(URLSearchParams, [[["single"]]])),
    ],
    "URLSearchParams#size": () => made().size,
    "URLSearchParams#append": () => changed((each) => each.append("a", "+ ")),
    "URLSearchParams#delete": () => [
      changed((each) => each.delete("a")),
      changed((each) => each.delete("a", "3")),
    ],
    "URLSearchParams#get": () => [made().get("a"), made().get("z")],
    "URLSearchParams#getAll": () => made().getAll("a"),
    "URLSearchParams#has": () => [
      made().has("a"),
      made().has("a", "2"),
      made().has("z"),
    ],
    "URLSearchParams#set": () => changed((each) => each.set("a", "9")),
    "URLSearchParams#sort": () => changed((each) => member(each, "sort")()),
    "URLSearchParams#entries": () => [...made().entries()],
    "URLSearchParams#forEach": () => {
      const seen: unknown[] = [];
      made().forEach((value, name) => seen.push([name, value]));
      return seen;
    },
    "URLSearchParams#keys": () => [...made().keys()],
    "URLSearchParams#values": () => [...made().values()],
    "URLSearchParams#toString": () => made().toString(),
  };
}
