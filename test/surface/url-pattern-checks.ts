/** Checks of URLPattern, which is a global and a member of url. */
import type { URLPattern as URLPatternClass } from "node:url";
import { thrown, type Check } from "./check.ts";

export function urlPatternChecks(
  URLPattern: typeof URLPatternClass,
): Record<string, Check> {
  const made = () =>
    new URLPattern({
      protocol: "http{s}?",
      hostname: "*.example.com",
      pathname: "/books/:id(\\d+)",
      search: "a=:a",
    });
  const parts = [
    "protocol",
    "username",
    "password",
    "hostname",
    "port",
    "pathname",
    "search",
    "hash",
    "hasRegExpGroups",
  ];
  const checks = parts.map((name): [string, Check] => [
    `URLPattern#${name}`,
    () => Reflect.get(made(), name),
  ]);
  return {
    ...Object.fromEntries(checks),
    URLPattern: () => [
      new URLPattern("/a/:b", "https://c.com").test("https://c.com/a/1"),
      thrown(() => new URLPattern("/(")) !== undefined,
    ],
    "URLPattern#exec": () => {
      const found = made().exec("https://shop.example.com/books/12?a=b");
      return [found?.pathname.groups, found?.hostname.input, found?.search];
    },
    "URLPattern#test": () => [
      made().test("https://shop.example.com/books/12?a=b"),
      made().test("https://shop.example.com/books/x?a=b"),
      made().test({ pathname: "/books/1" }),
    ],
  };
}
